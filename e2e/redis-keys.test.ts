/** Keys in one Redis, with TLS and a user of its own: acra-keymaker writes them, two acra-servers serve encrypted rows with them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { createAuthority } from '#testing/certificates'
import { RedisServer } from '#testing/redis'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, type Keys, runProgram, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { addressOf, createTables, encryptorConfig, stored } from './people.ts'

const run = promisify(execFile)
const sandbox = createSandbox('redis-keys')
const authority = createAuthority(sandbox.folder, 'authority')
const certificate = authority.server('redis')
const own = authority.client('acra')
const config = join(sandbox.folder, 'encryptor-config.yaml')
const prefix = 'acra-keys'
const password = 'a-password-of-redis'

/** The rights that docs/formats/keystore-redis.md gives. */
const commands =
  'getrange set get setnx del scan eval hset hget hdel hlen hkeys pexpire exists dbsize'
const rights = `${commands} hello client select`.split(' ').map((command) => `+${command}`)

let redis: RedisServer
let database: Postgres
let keys: Keys
let servers: readonly AcraServer[]

before(async () => {
  redis = await RedisServer.start({
    tls: true,
    words: [
      ...['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
      ...['--tls-ca-cert-file', authority.certFile],
      // Else Redis may answer up to two seconds before it has written.
      ...['--appendfsync', 'always'],
      ...['--user', 'default', 'off'],
      ...['--user', 'acra', 'on', `>${password}`, `~${prefix}*`, ...rights],
    ],
  })
  database = await startPostgres({ inMemory: true })
  await createTables(database)
  writeFileSync(config, encryptorConfig)
  const masterKey = Buffer.alloc(32, 7).toString('base64')
  keys = { folder: prefix, environment: { ACRA_MASTER_KEY: masterKey }, commands: [] }
  await keymaker('--generate_acrawriter_keys', '--generate_symmetric_storage_key')
  servers = await Promise.all([server(), server()])
})
after(async () => {
  await sandbox.remove()
  await database.stop()
  await redis.stop()
})

const inRedis = () => [
  `--redis_host_port=localhost:${redis.port}`,
  '--redis_db_keys=0',
  '--redis_user=acra',
  `--redis_password=${password}`,
  '--redis_tls_enable',
  `--redis_tls_client_ca=${authority.certFile}`,
  `--redis_tls_client_cert=${own.certFile}`,
  `--redis_tls_client_key=${own.keyFile}`,
]

function keymaker(...flags: readonly string[]): Promise<void> {
  const args = ['--client_id=application', `--keys_output_dir=${prefix}`, ...inRedis(), ...flags]
  return runProgram('acra-keymaker', args, sandbox.folder, keys.environment)
}

async function tool(name: string, ...words: readonly string[]): Promise<string> {
  const program = join(root, 'packages/suite/bin', `${name}.js`)
  const env = { ...process.env, ...keys.environment }
  const { stdout } = await run(process.execPath, [program, ...words], { env })
  return stdout
}

function server(...more: readonly string[]): Promise<AcraServer> {
  const flags = [...inRedis(), `--encryptor_config_file=${config}`, ...more]
  return startAcraServer(sandbox, { clientId: 'application', keys, database, flags })
}

async function ask(
  through: { readonly host: string; readonly port: number } | undefined,
  sql: string,
  values: readonly unknown[] = [],
) {
  assert.ok(through)
  const client = new pg.Client(addressOf(database, through))
  await client.connect()
  try {
    return (await client.query(sql, [...values])).rows
  } finally {
    await client.end()
  }
}

const insert = 'INSERT INTO people VALUES ($1, $2, $3, $4)'
const select = 'SELECT email, photo FROM people WHERE id = $1'
const photo = Buffer.from([0, 1, 255])

test('what one server writes the other one reads', async () => {
  const [first, second] = servers
  await ask(first, insert, [1, 'Ann', 'ann@example.org', photo])
  await ask(second, insert, [2, 'Bob', 'bob@example.org', photo])
  assert.match(await stored(database, 1, 'email'), /^\\x252525/)
  assert.match(await stored(database, 2, 'photo'), /^\\x252525/)
  assert.deepEqual(await ask(second, select, [1]), [{ email: 'ann@example.org', photo }])
  assert.deepEqual(await ask(first, select, [2]), [{ email: 'bob@example.org', photo }])
})

test('after a rotation by two acra-keymakers at once a server reads what was written before', async () => {
  const rotation = ['--generate_acrawriter_keys', '--generate_symmetric_storage_key']
  await Promise.all([keymaker(...rotation), keymaker(...rotation)])
  const later = await server()
  assert.deepEqual(await ask(later, select, [1]), [{ email: 'ann@example.org', photo }])
  await ask(later, insert, [3, 'Cho', 'cho@example.org', photo])
  assert.deepEqual(await ask(later, select, [3]), [{ email: 'cho@example.org', photo }])
})

test('every tool works on the keys in Redis', async () => {
  const at = [`--keys_dir=${prefix}`, ...inRedis()]
  const output = [`--keys_output_dir=${prefix}`, ...inRedis()]
  const { id } = JSON.parse(await tool('acra-addzone', ...output))
  assert.match(id, /^D{8}[a-zA-Z]{16}$/)
  await keymaker('--generate_poisonrecord_keys')
  const record = Buffer.from(await tool('acra-poisonrecordmaker', ...at), 'base64')
  assert.ok(record.length > 0)
  const listed = await tool('acra-keys', 'list', ...at, '--json')
  for (const owner of ['application', id]) assert.ok(listed.includes(owner), listed)
  const bundle = join(sandbox.folder, 'keys')
  const files = [`--key_bundle_file=${bundle}.bundle`, `--key_bundle_secret=${bundle}.secret`]
  await tool('acra-keys', 'export', ...at, '--all', '--private_keys', ...files)
  const copy = [`--keys_dir=${prefix}-copy`, ...inRedis()]
  await tool('acra-keys', 'import', ...copy, ...files)
  const key = 'client/application/symmetric'
  const read = await tool('acra-keys', 'read', ...at, '--private', key)
  assert.equal(await tool('acra-keys', 'read', ...copy, '--private', key), read)
  await tool('acra-keys', 'destroy', ...copy, key)
  await assert.rejects(tool('acra-keys', 'read', ...copy, '--private', key))
})

test('several workers serve with the keys in Redis', async () => {
  const workers = await server('--workers=2')
  const asked = Array.from({ length: 8 }, () => ask(workers, select, [1]))
  for (const rows of await Promise.all(asked))
    assert.deepEqual(rows, [{ email: 'ann@example.org', photo }])
})

test('without Redis a running server goes on with the keys it has, and none starts', async () => {
  await redis.kill()
  assert.deepEqual(await ask(servers[0], select, [1]), [{ email: 'ann@example.org', photo }])
  await assert.rejects(server(), (error: Error) => {
    const lines = error.message.split('\n').filter((line) => line.includes('level=error'))
    assert.equal(lines.length, 1, error.message)
    assert.match(
      lines[0] ?? '',
      /code=51\d .*rediss:\/\/localhost:\d+\/0 cannot be reached: ECONNREFUSED/,
    )
    assert.doesNotMatch(error.message, new RegExp(password))
    return true
  })
  await redis.resume()
  assert.deepEqual(await ask(await server(), select, [2]), [{ email: 'bob@example.org', photo }])
})
