import { EncryptedTable, revealResponse } from '@acra-ts/sdk/knex'
import knex from 'knex'

export async function open({ url: _, ...connection }, { email, note }) {
  const db = knex({
    client: 'pg',
    connection,
    pool: { min: 0, max: 4 },
    postProcessResponse: revealResponse,
  })
  const table = new EncryptedTable({ email, note })
  const letters = () => db('letters').queryContext(table).orderBy('id')
  return {
    create: (letter) => db('letters').insert(table.protect(letter)),
    createMany: (rows) => db('letters').insert(table.protect(rows)),
    update: (id, changes) => db('letters').where({ id }).update(table.protect(changes)),
    all: () => letters(),
    byEmail: (value) =>
      letters().whereRaw('substr(email, 1, 33) = ?', [Buffer.from(email.searchHash(value))]),
    close: () => db.destroy(),
  }
}
