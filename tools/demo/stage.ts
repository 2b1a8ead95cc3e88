/** What the demo runs: a database, keys, and two acra-servers in front of it, each for a client id of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { type Postgres, startPostgres } from '../postgres.ts'
import { type AcraServer, createKeys, type Keys, startAcraServer } from '../programs.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'

/** The application's client id, and that of somebody else who may read the same tables. */
export const clientIds = { application: 'clinic', stranger: 'stranger' } as const

/** The columns of the table, the ones to be protected as the encryptor config says it. */
export const columns = [
  { name: 'city', envelope: null },
  { name: 'diagnosis', envelope: 'acrablock' },
  { name: 'insurance_no', envelope: 'acrastruct' },
] as const

const schema = `CREATE TABLE patients (
  id integer PRIMARY KEY,
  city text NOT NULL,
  diagnosis bytea,
  insurance_no bytea
)`

const encryptorConfig = `schemas:
  - table: patients
    columns: [id, city, diagnosis, insurance_no]
    encrypted:
      - column: diagnosis
        crypto_envelope: acrablock
        data_type: str
      - column: insurance_no
        crypto_envelope: acrastruct
        data_type: str
`

const rows = [
  [1, 'Kiel', 'hypertension', 'DE 880-011-223'],
  [2, 'Lyon', 'asthma, since childhood', 'FR 1 87 03 69 123'],
  [3, '台北', '蕁麻疹', 'TW A123456789'],
]

/** One row as text, by the names of its columns. */
export type Row = Readonly<Record<string, string>>

/** Told at the beginning and at the end of each step. */
export type Progress = <T>(title: string, step: () => Promise<T>) => Promise<T>

export interface Stage {
  readonly database: Postgres
  readonly keys: Keys
  readonly application: AcraServer
  readonly stranger: AcraServer
  /** Writes all rows as the application, each by a statement of its own. */
  write(): Promise<void>
  /** All rows as somebody sees them who connects there. */
  read(place: { readonly host: string; readonly port: number }): Promise<Row[]>
  /** Ends everything and removes every file of it. */
  close(): Promise<void>
}

/** Builds the stage. Whatever was started is gone again where a step fails. */
export async function buildStage(progress: Progress): Promise<Stage> {
  const sandbox = createSandbox('demo')
  let database: Postgres | null = null
  const close = async () => {
    await sandbox.remove()
    await database?.stop()
  }
  try {
    database = await progress('a private PostgreSQL 18', () => startPostgres())
    return { ...(await buildOn(database, sandbox, progress)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function buildOn(database: Postgres, sandbox: Sandbox, progress: Progress) {
  const config = join(sandbox.folder, 'encryptor-config.yaml')
  await writeFile(config, encryptorConfig)
  const keys = await progress('master key and keys (acra-keymaker)', () =>
    createKeys(sandbox.folder, Object.values(clientIds)),
  )
  const start = (clientId: string) =>
    progress(`acra-server for client id "${clientId}"`, () =>
      startAcraServer(sandbox, { clientId, keys, database, encryptorConfig: config }),
    )
  const application = await start(clientIds.application)
  const stranger = await start(clientIds.stranger)

  const connected = async <T>(
    { host, port }: { readonly host: string; readonly port: number },
    work: (client: pg.Client) => Promise<T>,
  ): Promise<T> => {
    const { user, password } = database
    const client = new pg.Client({ host, port, user, password, database: database.database })
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  await connected(database, (client) => client.query(schema))

  return {
    database,
    keys,
    application,
    stranger,
    write: () =>
      connected(application, async (client) => {
        for (const row of rows) {
          await client.query('INSERT INTO patients VALUES ($1, $2, $3, $4)', row)
        }
      }),
    read: (place: { readonly host: string; readonly port: number }) =>
      connected(place, async (client) => {
        const result = await client.query<Record<string, unknown>>(
          'SELECT * FROM patients ORDER BY id',
        )
        return result.rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(value)])),
        )
      }),
  }
}

/** Bytes as PostgreSQL writes them. */
function asText(value: unknown): string {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value)
}
