/** For Drizzle. Nothing of it is imported: what is here has the form that it takes. */
import type { EncryptedColumn } from '../encrypted-column.ts'

/** The types of the column, for `customType`. */
export interface EncryptedValues<T> {
  data: T
  driverData: Uint8Array
}

/** What `customType` of Drizzle takes. */
export interface EncryptedType<T> {
  dataType(): string
  toDriver(value: T): Uint8Array
  fromDriver(stored: Uint8Array): T
}

/**
 * The custom type of a column: `bytea` in the database, plain values in the application. `eq` finds nothing, as each encryption of a value is another
 * one: compare `substr(column, 1, 33)` with the column's search hash.
 *
 * @example
 * ```ts
 * import { AcraReader, AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 * import { encryptedType } from '@acra-ts/sdk/drizzle'
 *
 * const { publicKey, privateKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, {
 *   writer: AcraWriter.forClient(acra, publicKey),
 *   reader: new AcraReader(acra, { privateKeys: [privateKey] }),
 * })
 * // const encryptedEmail = customType<EncryptedValues<string>>(encryptedType(email))
 * // const customers = pgTable('customers', { id: integer().primaryKey(), email: encryptedEmail() })
 * const type = encryptedType(email)
 * console.log(type.dataType(), type.fromDriver(type.toDriver('ann@example.com'))) // bytea ann@example.com
 * ```
 */
export function encryptedType<T>(column: EncryptedColumn<T>): EncryptedType<T> {
  return {
    dataType: () => 'bytea',
    toDriver: (value) => column.protect(value),
    // Drizzle passes NULL by itself.
    fromDriver: (stored) => column.reveal(stored) as T,
  }
}
