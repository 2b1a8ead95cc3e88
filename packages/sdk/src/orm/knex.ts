/** For Knex. Nothing of it is imported: what is here has the form that it takes. */
import type { EncryptedColumn } from '../encrypted-column.ts'

type Columns = Readonly<Record<string, EncryptedColumn<never> | EncryptedColumn<unknown>>>

/**
 * The encrypted columns of a table. Knex has no types of columns: `protect` what is given to `insert` and `update`, and name the table as the
 * `queryContext` of what reads it, where `revealResponse` is Knex's `postProcessResponse`. A search by value finds nothing, as each encryption of a
 * value is another one: compare `substr(email, 1, 33)` with the column's search hash.
 *
 * @example
 * ```ts
 * import { AcraReader, AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 * import { EncryptedTable, revealResponse } from '@acra-ts/sdk/knex'
 *
 * const { publicKey, privateKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, {
 *   writer: AcraWriter.forClient(acra, publicKey),
 *   reader: new AcraReader(acra, { privateKeys: [privateKey] }),
 * })
 * const customers = new EncryptedTable({ email })
 * // const db = knex({ client: 'pg', connection, postProcessResponse: revealResponse })
 * // await db('customers').insert(customers.protect({ id: 1, email: 'ann@example.com' }))
 * // await db('customers').queryContext(customers).select()
 * const row = customers.protect({ id: 1, email: 'ann@example.com' })
 * console.log(JSON.stringify(revealResponse([row], customers))) // [{"id":1,"email":"ann@example.com"}]
 * ```
 */
export class EncryptedTable {
  readonly #columns: Columns

  /** Columns by their names in the database, as rows have them. */
  constructor(columns: Columns) {
    this.#columns = columns
  }

  /** A copy of the row, or of each row of a list, with the values of the columns encrypted; what is undefined stays so. */
  protect(row: object): Record<string, unknown>
  protect(rows: readonly object[]): Record<string, unknown>[]
  protect(rows: object | readonly object[]): Record<string, unknown> | Record<string, unknown>[] {
    const one = (row: object) =>
      this.#changed(row, (column, value) => {
        const stored = value === undefined ? undefined : column.protect(value)
        return stored instanceof Uint8Array ? Buffer.from(stored) : stored
      })
    return Array.isArray(rows) ? rows.map(one) : one(rows)
  }

  /** A copy of the row with the columns in the clear. Throws what the column's `reveal` throws. */
  reveal(row: object): Record<string, unknown> {
    return this.#changed(row, (column, stored) => column.reveal(stored))
  }

  #changed(
    row: object,
    change: (column: EncryptedColumn<unknown>, value: unknown) => unknown,
  ): Record<string, unknown> {
    const changed: Record<string, unknown> = { ...row }
    for (const [name, column] of Object.entries(this.#columns)) {
      if (!Object.hasOwn(changed, name)) continue
      changed[name] = change(column as EncryptedColumn<unknown>, changed[name])
    }
    return changed
  }
}

/**
 * Knex's `postProcessResponse`: rows of queries whose `queryContext` is an EncryptedTable come in the clear; whatever else comes as it is.
 *
 * @example
 * ```ts
 * import { revealResponse } from '@acra-ts/sdk/knex'
 *
 * // knex({ client: 'pg', connection, postProcessResponse: revealResponse })
 * console.log(revealResponse(1, undefined)) // 1
 * ```
 */
export function revealResponse(response: unknown, queryContext: unknown): unknown {
  if (!(queryContext instanceof EncryptedTable)) return response
  const one = (row: unknown) =>
    typeof row === 'object' && row !== null ? queryContext.reveal(row) : row
  return Array.isArray(response) ? response.map(one) : one(response)
}
