/** The small tables that driver tests work on: one with protected columns, one without. */
import pg from 'pg'
import type { Postgres } from '../tools/postgres.ts'
import type { Front } from './setup.ts'

/** An encryptor config for the tables of `createTables`. */
export const encryptorConfig = `schemas:
  - table: people
    columns: [id, name, email, photo]
    encrypted:
      - column: email
        crypto_envelope: acrablock
        data_type: str
      - column: photo
        crypto_envelope: acrastruct
        data_type: bytes
  - table: notes
    columns: [id, text]
`

/** The statements that make the tables. */
export const schema = `
CREATE TABLE people (id integer PRIMARY KEY, name text, email bytea, photo bytea);
CREATE TABLE notes (id integer PRIMARY KEY, text text);
`

/** Makes the tables in the database `postgres`, directly. */
export function createTables(server: Postgres): Promise<unknown> {
  return directly(server, (client) => client.query(schema))
}

/** Works with a connection that goes past acra-server. */
export async function directly<T>(
  server: Postgres,
  work: (client: pg.Client) => Promise<T>,
  database = 'postgres',
): Promise<T> {
  const client = new pg.Client({ connectionString: server.url(database) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** What the database holds of a cell of `people`, as text. */
export async function stored(
  server: Postgres,
  id: number,
  column: 'email' | 'photo',
): Promise<string> {
  const { rows } = await directly(server, (client) =>
    client.query<{ value: string }>(`SELECT ${column}::text AS value FROM people WHERE id = $1`, [
      id,
    ]),
  )
  return rows[0]?.value ?? ''
}

/** How a driver connects through acra-server. */
export function addressOf(server: Postgres, { host, port }: Pick<Front, 'host' | 'port'>) {
  const { user, password, database } = server
  return { host, port, user, password, database }
}
