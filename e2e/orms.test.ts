/**
 * Applications with the libraries that people use, unchanged but for the port: each does the same, directly on a database and through acra-server
 * on one whose columns are protected, over TLS, and must see the same.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createAuthority } from '#testing/certificates'
import { root } from '../tools/repository.ts'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const run = promisify(execFile)
const home = join(root, 'e2e/orms')
const folder = mkdtempSync(join(tmpdir(), 'acra-orms-'))
const authority = createAuthority(folder, 'authority')
const certificate = authority.server('server')

const libraries = [
  'node-postgres',
  'postgres-js',
  'prisma',
  'drizzle',
  'kysely',
  'typeorm',
  'sequelize',
  'knex',
]

const encryptorConfig = `schemas:
  - table: customers
    columns: [id, name, email, phone, profile, visits]
    encrypted:
      - column: email
        searchable: true
        data_type: str
      - column: phone
        data_type: str
`

/** The table of the applications, with the types of the protected columns given. */
const schema = (protectedType: string) =>
  `CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email ${protectedType} NOT NULL,
     phone ${protectedType}, profile jsonb, visits integer NOT NULL DEFAULT 0)`

let lab: Lab
let front: Front
before(async () => {
  await install()
  lab = await startLab({ tls: certificate })
  for (const [name, type] of [
    ['plain', 'text'],
    ['sealed', 'bytea'],
  ] as const) {
    await directly(lab.database, (client) => client.query(`CREATE DATABASE ${name}`))
    await directly(lab.database, (client) => client.query(schema(type)), name)
  }
  front = await lab.front({
    encryptorConfig,
    flags: [
      `--tls_client_cert=${certificate.certFile}`,
      `--tls_client_key=${certificate.keyFile}`,
      '--tls_client_auth=0',
      '--tls_client_id_from_cert=false',
      '--tls_client_required',
      '--tls_database_mode=verify-full',
      `--tls_database_ca=${authority.certFile}`,
    ],
  })
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

/** The libraries are large, so that they are installed when they are first tried. */
async function install(): Promise<void> {
  if (existsSync(join(home, 'node_modules/generated-client/index.js'))) return
  const npm = (...args: readonly string[]) => run('npm', args, { cwd: home, maxBuffer: 1 << 24 })
  await npm('ci', '--engine-strict=false', '--ignore-scripts', '--no-audit', '--no-fund')
  // Prisma would fetch a program that makes tables, which nobody needs here.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
  const prisma = join(home, 'node_modules/prisma/build/index.js')
  await run(process.execPath, [prisma, 'generate', '--schema=schema.prisma'], { cwd: home, env })
}

/** What an application has seen. */
async function story(library: string, port: number, database: string): Promise<unknown> {
  const { user, password } = lab.database
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`,
    DATABASE_CA: authority.certFile,
  }
  const { stdout } = await run(process.execPath, ['story.mjs', library], { cwd: home, env })
  return JSON.parse(stdout)
}

for (const library of libraries) {
  test(`an application with ${library} sees through acra-server what it sees without`, async () => {
    for (const database of ['plain', 'sealed']) {
      await directly(lab.database, (client) => client.query('TRUNCATE customers'), database)
    }
    const expected = await story(library, lab.database.port, 'plain')
    assert.deepEqual(await story(library, front.port, 'sealed'), expected)

    const { rows } = await directly(
      lab.database,
      (client) => client.query("SELECT * FROM customers WHERE position('%%%'::bytea IN email) = 0"),
      'sealed',
    )
    assert.deepEqual(rows, [], 'rows that are not sealed')
  })
}
