/**
 * Applications with the libraries that people use, unchanged but for the port: each does the same, directly on a database and through acra-server
 * on one whose columns are protected, over TLS, and must see the same. And applications that encrypt columns themselves, by the SDK's helpers.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { acra } from '@acra-ts/sdk/node'
import { createAuthority } from '#testing/certificates'
import { root } from '../tools/repository.ts'
import { installOrms, ormHome, runOrmProgram } from './orm-libraries.ts'
import { directly } from './people.ts'
import { compile } from './published-packages.ts'
import { clientId, type Front, type Lab, startLab } from './setup.ts'

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
  - table: letters
    columns: [id, email, note]
`

/** The table of the applications, with the types of the protected columns given. */
const schema = (protectedType: string) =>
  `CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email ${protectedType} NOT NULL,
     phone ${protectedType}, profile jsonb, visits integer NOT NULL DEFAULT 0)`

let lab: Lab
let front: Front
before(async () => {
  await installOrms()
  lab = await startLab({ tls: certificate })
  for (const [name, type] of [
    ['plain', 'text'],
    ['sealed', 'bytea'],
  ] as const) {
    await directly(lab.database, (client) => client.query(`CREATE DATABASE ${name}`))
    await directly(lab.database, (client) => client.query(schema(type)), name)
  }
  const letters = 'CREATE TABLE letters (id integer PRIMARY KEY, email bytea, note bytea)'
  await directly(lab.database, (client) => client.query(letters), 'sealed')
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

/** What a program of e2e/orms has seen. */
function seenBy(
  script: string,
  library: string,
  port: number,
  database: string,
  env: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const { user, password } = lab.database
  return runOrmProgram(script, library, {
    DATABASE_URL: `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`,
    DATABASE_CA: authority.certFile,
    ...env,
  })
}

const story = (library: string, port: number, database: string) =>
  seenBy('story.mjs', library, port, database)

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

/** The libraries that the SDK has helpers for, and what those refuse of what e2e/orms/columns tries. */
const helped = {
  drizzle: [],
  knex: [],
  kysely: ['NOT_PROTECTED', 'NOT_PROTECTED', 'NOT_SEARCHABLE', 'NOT_SEARCHABLE'],
  typeorm: [],
  sequelize: [],
  prisma: ['NOT_PROTECTED', 'NOT_SEARCHABLE'],
} as const

for (const [library, refused] of Object.entries(helped)) {
  test(`columns that an application with ${library} encrypts itself are read by it, and through acra-server without a key`, async () => {
    const own = acra.generateKeyPair()
    const direct = {
      PUBLIC_KEY: base64(own.publicKey),
      PRIVATE_KEY: base64(own.privateKey),
      HMAC_KEY: base64(acra.generateSymmetricKey()),
    }
    const throughServer = {
      PUBLIC_KEY: await readKey('--public', `client/${clientId}/storage`),
      HMAC_KEY: await readKey(`client/${clientId}/searchable`),
    }
    for (const [port, keys] of [
      [lab.database.port, direct],
      [front.port, throughServer],
    ] as const) {
      await directly(lab.database, (client) => client.query('TRUNCATE letters'), 'sealed')
      const seen = await seenBy('columns.mjs', library, port, 'sealed', keys)
      assert.deepEqual(seen, {
        written: [
          letter(1, 'änne@example.org', { tags: ['a', 'Łódź'], n: 1 }),
          letter(2, '', null),
          ...twins,
        ],
        updated: [
          letter(1, 'änne@example.org', { tags: ['a', 'Łódź'], n: 1 }),
          letter(2, 'second@example.org', { changed: true }),
          { ...twins[0], note: null },
          twins[1],
        ],
        found: [{ ...twins[0], note: null }, twins[1]],
        notFound: [],
        refused,
      })
      const { rows } = await directly(
        lab.database,
        (client) =>
          client.query(`SELECT count(*) FILTER (WHERE get_byte(email, 0) = 127 AND substr(email, 34, 8) = '""""""""')::int AS emails,
             count(*) FILTER (WHERE substr(note, 1, 8) = '""""""""')::int AS notes, count(*)::int AS rows FROM letters`),
        'sealed',
      )
      assert.deepEqual(rows, [{ emails: 4, notes: 3, rows: 4 }])
    }
  })
}

test('applications in TypeScript give the helpers to the libraries as they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'acra-orm-types-'))
  const options = { module: 'nodenext', noEmit: true, skipLibCheck: true }
  await compile(folder, options, [join(ormHome, 'columns/types.mts')]).finally(() =>
    rmSync(folder, { recursive: true }),
  )
})

const letter = (id: number, email: string, note: unknown) => ({ id, email, note })
const twins = [letter(3, 'third@example.org', [1, 2]), letter(4, 'third@example.org', 'text')]

/** A key of the client, as its operator gives it to an application. */
async function readKey(...words: string[]): Promise<string> {
  const { folder, environment } = await lab.keys()
  const tool = join(root, 'packages/suite/bin/acra-keys.js')
  const env = { ...process.env, ...environment }
  const args = [tool, 'read', `--keys_dir=${folder}`, ...words]
  return base64(execFileSync(process.execPath, args, { env }))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
