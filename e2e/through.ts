/** A connection of node-postgres through acra-server. */
import pg from 'pg'
import type { Postgres } from '../tools/postgres.ts'
import { addressOf } from './people.ts'
import type { Front } from './setup.ts'

/** Works with a connection through `front`. */
export async function through<T>(
  database: Postgres,
  front: Front,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(addressOf(database, front))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
