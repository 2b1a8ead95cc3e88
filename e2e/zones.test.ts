/** Zones as in Acra 0.90: keys by acra-addzone, columns with a `zone_id`, and the zone mode of acra-server. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { StructPublicKey, sealStruct } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import pg from 'pg'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, createKeys, type Keys, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'

const clientId = 'application'

let sandbox: Sandbox
let database: Postgres
let keys: Keys
before(async () => {
  sandbox = createSandbox('zones')
  database = await startPostgres({ auth: 'trust' })
  keys = await createKeys(sandbox.folder, [clientId])
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

/** A new zone, as a writer gets it. */
function addZone(): { readonly id: string; readonly publicKey: Buffer } {
  const tool = join(root, 'packages/suite/bin/acra-addzone.js')
  const env = { ...process.env, ...keys.environment }
  const words = [tool, `--keys_output_dir=${keys.folder}`]
  const { id, public_key } = JSON.parse(
    execFileSync(process.execPath, words, { env, encoding: 'utf8' }),
  )
  return { id, publicKey: Buffer.from(public_key, 'base64') }
}

/** An AcraStruct as writers make it, without a container. */
function struct(publicKey: Uint8Array, plain: string, context = ''): Buffer {
  const room = Buffer.alloc(1024)
  const out = {
    bytes: room,
    length: 0,
    reserve(size: number) {
      this.length += size
      return this.length - size
    },
    truncate(length: number) {
      this.length = length
    },
  }
  const key = new StructPublicKey(nodePrimitives, publicKey)
  sealStruct(key, Buffer.from(plain), out, Buffer.from(context))
  return room.subarray(0, out.length)
}

async function withClient<T>(
  { host, port }: { readonly host: string; readonly port: number },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' })
  await client.connect()
  return work(client).finally(() => client.end())
}

async function serving<T>(
  flags: readonly string[],
  work: (server: AcraServer) => Promise<T>,
): Promise<T> {
  const server = await startAcraServer(sandbox, { clientId, keys, database, flags })
  return work(server).finally(() => server.stop())
}

test('an AcraStruct for a zone is opened where the zone stands before it', async () => {
  const [one, other] = [addZone(), addZone()]
  await withClient(database, async (client) => {
    await client.query('CREATE TABLE letters (zone text, zone_bytes bytea, data bytea)')
    for (const { id, publicKey } of [one, other])
      await client.query('INSERT INTO letters VALUES ($1, $2, $3)', [
        id,
        Buffer.from(id),
        struct(publicKey, `for ${id}`, id),
      ])
  })
  await serving(['--zonemode_enable'], async (server) => {
    const read = (sql: string) =>
      withClient(server, async (client) =>
        (await client.query(sql)).rows.map(({ data }) => data.toString()),
      )
    const expected = [`for ${one.id}`, `for ${other.id}`]
    assert.deepEqual(await read('SELECT zone, data FROM letters'), expected)
    assert.deepEqual(await read('SELECT zone_bytes, data FROM letters'), expected)
    const sealed = await read('SELECT data FROM letters')
    assert.ok(
      sealed.every((data) => data.startsWith('""""""""')),
      'no zone was named',
    )
    const behind = await read('SELECT data, zone FROM letters')
    assert.ok(behind[0].startsWith('""""""""'), 'its zone comes too late')
    const wrong = `SELECT '${other.id}' AS zone, data FROM letters WHERE zone = '${one.id}'`
    assert.ok((await read(wrong))[0].startsWith('""""""""'), 'the zone is another')
  })
  await serving([], async (server) => {
    const { rows } = await withClient(server, (client) =>
      client.query('SELECT zone, data FROM letters'),
    )
    assert.ok(
      rows.every(({ data }) => data.toString().startsWith('""""""""')),
      'no zone mode',
    )
  })
})

test('an AcraStruct for a client is opened without a zone', async () => {
  const publicKey = readFileSync(join(keys.folder, `${clientId}_storage.pub`))
  await withClient(database, async (client) => {
    await client.query('CREATE TABLE notes (data bytea)')
    await client.query('INSERT INTO notes VALUES ($1)', [struct(publicKey, 'for the client')])
  })
  await serving([], async (server) => {
    const { rows } = await withClient(server, (client) => client.query('SELECT data FROM notes'))
    assert.equal(rows[0].data.toString(), 'for the client')
  })
  await serving(['--zonemode_enable'], async (server) => {
    const { rows } = await withClient(server, (client) => client.query('SELECT data FROM notes'))
    assert.ok(rows[0].data.toString().startsWith('""""""""'), 'zone mode opens for zones only')
  })
})

test('a column with a zone is encrypted with its keys, in zone mode or not', async () => {
  const { id } = addZone()
  const config = join(sandbox.folder, 'zones.yaml')
  writeFileSync(
    config,
    `schemas:
  - table: people
    columns: [zone, as_block, as_struct]
    encrypted:
      - column: as_block
        zone_id: ${id}
      - column: as_struct
        zone_id: ${id}
        crypto_envelope: acrastruct
`,
  )
  await withClient(database, (client) =>
    client.query('CREATE TABLE people (zone text, as_block bytea, as_struct bytea)'),
  )
  const flags = [`--encryptor_config_file=${config}`]
  for (const mode of [[], ['--zonemode_enable']])
    await serving([...flags, ...mode], (server) =>
      withClient(server, async (client) => {
        const values = [id, Buffer.from('block'), Buffer.from('struct')]
        await client.query('INSERT INTO people VALUES ($1, $2, $3)', values)
      }),
    )
  const stored = await withClient(database, (client) => client.query('SELECT * FROM people'))
  for (const { as_block, as_struct } of stored.rows) {
    assert.equal(as_block[11], 0xf0)
    assert.equal(as_struct[11], 0xf1)
  }
  await serving([...flags, '--zonemode_enable'], async (server) => {
    const { rows } = await withClient(server, (client) => client.query('SELECT * FROM people'))
    assert.equal(rows.length, 2)
    for (const { as_block, as_struct } of rows)
      assert.deepEqual([as_block.toString(), as_struct.toString()], ['block', 'struct'])
  })
})
