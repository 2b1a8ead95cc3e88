import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { postgresVersions, startPostgres } from './postgres.ts'

for (const version of postgresVersions()) {
  test(`a private PostgreSQL ${version} answers on TCP and on its unix socket`, async () => {
    const server = await startPostgres({ version })
    try {
      for (const host of [server.host, server.socketFolder]) {
        const { user, password, database, port } = server
        const client = new pg.Client({ host, port, user, password, database })
        await client.connect()
        const { rows } = await client.query(
          "select current_setting('server_version_num')::int / 10000 as major, current_setting('server_encoding') as encoding",
        )
        assert.deepEqual(rows, [{ major: Number(version), encoding: 'UTF8' }])
        await client.end()
      }
    } finally {
      await server.stop()
    }
    assert.ok(!existsSync(dirname(server.socketFolder)), 'its folder is gone')
  })
}

test('a password is asked for, and a wrong one refused', async () => {
  const server = await startPostgres()
  try {
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      user: 'postgres',
      password: 'wrong',
      database: 'postgres',
    })
    await assert.rejects(client.connect(), { code: '28P01' })
  } finally {
    await server.stop()
  }
})

test('with md5 a password is stored and asked for in that way', async () => {
  const server = await startPostgres({ auth: 'md5' })
  try {
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    const { rows } = await client.query(
      "SELECT rolpassword ~ '^md5' AS md5 FROM pg_authid WHERE rolname = 'postgres'",
    )
    await client.end()
    assert.deepEqual(rows, [{ md5: true }])
  } finally {
    await server.stop()
  }
})

test('a server whose owner is killed ends, and its folder goes', async () => {
  const module = new URL('./postgres.js', import.meta.url).href
  const program = `
    const { startPostgres } = await import(${JSON.stringify(module)})
    const server = await startPostgres()
    console.log(JSON.stringify({ port: server.port, socketFolder: server.socketFolder }))
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(owner.stdout), 'line')
  const { port, socketFolder } = JSON.parse(String(line)) as { port: number; socketFolder: string }
  owner.kill('SIGKILL')

  const folder = dirname(socketFolder)
  const deadline = Date.now() + 20_000
  while (existsSync(folder) && Date.now() < deadline) await sleep(20)
  assert.ok(!existsSync(folder), 'its folder is gone')
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  await assert.rejects(client.connect(), { code: 'ECONNREFUSED' })
})
