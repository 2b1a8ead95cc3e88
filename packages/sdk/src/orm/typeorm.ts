/** For TypeORM. Nothing of it is imported: what is here has the form that it takes. */
import type { EncryptedColumn } from '../encrypted-column.ts'

/** A ValueTransformer of TypeORM. */
export interface EncryptedTransformer {
  to(value: unknown): Uint8Array | null | undefined
  from(stored: unknown): unknown
}

/**
 * The transformer of a column of type `bytea`. A search by value (`findBy({ email })`) finds nothing, as each encryption of a value is another one:
 * in a query builder compare `substr(email, 1, 33)` with the column's search hash.
 *
 * @example
 * ```ts
 * import { AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 * import { encryptedTransformer } from '@acra-ts/sdk/typeorm'
 *
 * const { publicKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, { writer: AcraWriter.forClient(acra, publicKey) })
 * // new EntitySchema({ columns: { email: column }, … }), or @Column(column)
 * const column = { type: 'bytea', transformer: encryptedTransformer(email) } as const
 * console.log(column.transformer.from(Buffer.from('as acra-server gives it'))) // as acra-server gives it
 * ```
 */
export function encryptedTransformer<T>(column: EncryptedColumn<T>): EncryptedTransformer {
  return {
    // Left out of a statement where it is undefined.
    to: (value) => (value === undefined ? undefined : column.protect(value as T | null)),
    from: (stored) => column.reveal(stored),
  }
}
