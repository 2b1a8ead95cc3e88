import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { freePort, type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, createKeys, type Keys, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox, end, type Sandbox } from '../tools/sandbox.ts'
import { message } from './frontend.ts'
import { says } from './log.ts'
import { createTables, directly, encryptorConfig, stored } from './people.ts'
import { errorOf, RawClient } from './raw-client.ts'

const lock = 20
const processingBounds = [
  ...[1e-6, 1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 6e-5, 7e-5, 8e-5, 9e-5],
  ...[1e-4, 5e-4, 0.001, 0.005, 0.01, 1, 3, 5, 10],
]

let sandbox: Sandbox
let keys: Keys
let database: Postgres
const servers: AcraServer[] = []
before(async () => {
  sandbox = createSandbox('lifecycle')
  keys = await createKeys(sandbox.folder, ['application'])
  database = await startPostgres({ auth: 'trust' })
  await createTables(database)
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

async function serve(...flags: string[]): Promise<AcraServer> {
  return serveFor(database, flags)
}

async function serveFor(
  { host, port }: { readonly host: string; readonly port: number },
  flags: readonly string[] = [],
): Promise<AcraServer> {
  const options = { clientId: 'application', keys, database: { host, port }, flags }
  const server = await startAcraServer(sandbox, options)
  servers.push(server)
  await says(server, 'Listening on')
  return server
}

type Place = Pick<AcraServer, 'host' | 'port'>

function connect(server: Place): Promise<RawClient> {
  const { user, database: name } = database
  return RawClient.connect({ host: server.host, port: server.port, user, database: name })
}

/** Holds what the statement of `busy` waits for, until it is told to let go. */
async function holdLock(): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: database.url() })
  await holder.connect()
  await holder.query('SELECT pg_advisory_lock($1)', [lock])
  return () => holder.end()
}

/** Sends a statement that waits for the lock, and waits until the database is at it. */
async function busy(client: RawClient): Promise<void> {
  client.send(message.query(`SELECT pg_advisory_lock(${lock}), pg_advisory_unlock(${lock})`))
  const waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = $1"
  await directly(database, async (other) => {
    while ((await other.query(waiting, [client.key.readInt32BE(0)])).rowCount === 0);
  })
}

async function lastError(client: RawClient): Promise<{ severity: string; code: string }> {
  const error = (await client.untilAny('')).find(({ type }) => type === 'E')
  assert.ok(error, 'the connection ends with an error')
  const { severity, code } = errorOf(error)
  return { severity, code }
}

for (const workers of [1, 2]) {
  const flags = [`--workers=${workers}`]

  test(`SIGTERM closes idle connections at once and lets statements finish (${workers} workers)`, async () => {
    const server = await serve(...flags, '--incoming_connection_close_timeout=600')
    const letGo = await holdLock()
    const [idle, running] = [await connect(server), await connect(server)]
    await busy(running)
    const stopped = server.stop()
    assert.deepEqual(await lastError(idle), { severity: 'FATAL', code: '57P01' })
    await assert.rejects(connect(server))
    await letGo()
    const rest = await running.untilAny('E')
    assert.equal(rest.map(({ type }) => type).join(''), 'TDCZE')
    assert.equal(errorOf(rest.at(-1)!).code, '57P01')
    await stopped
    const log = await says(server, 'Server graceful shutdown completed')
    assert.doesNotMatch(log, /level=error/)
  })

  test(`statements that run longer than they may are broken off (${workers} workers)`, async () => {
    const server = await serve(...flags, '--incoming_connection_close_timeout=0')
    const letGo = await holdLock()
    const running = await connect(server)
    await busy(running)
    await server.stop()
    await says(server, 'Server shutdown Timeout: 1 active connections will be cut')
    assert.deepEqual(await running.untilAny('Z'), [])
    await letGo()
  })

  test(`a second SIGTERM ends at once (${workers} workers)`, async () => {
    const server = await serve(...flags, '--incoming_connection_close_timeout=600')
    const letGo = await holdLock()
    const running = await connect(server)
    await busy(running)
    process.kill(server.pid, 'SIGTERM')
    await says(server, 'Stopping, a second signal ends at once')
    await server.stop()
    assert.deepEqual(await running.untilAny('Z'), [])
    await letGo()
    assert.doesNotMatch(await readFile(server.logFile, 'utf8'), /graceful shutdown completed/)
  })

  test(`SIGHUP changes what new connections get, and nothing for open ones (${workers} workers)`, async () => {
    const config = join(sandbox.folder, `reload-${workers}.yaml`)
    await writeFile(config, 'schemas: []\n')
    const server = await serve(...flags, `--encryptor_config_file=${config}`)
    const old = await connect(server)
    const id = 100 * workers
    const insert = (client: RawClient, at: number) =>
      client.query(`INSERT INTO people (id, email) VALUES (${at}, 'a@b.example')`)
    await writeFile(config, encryptorConfig)
    process.kill(server.pid, 'SIGHUP')
    await says(server, 'Configuration was read again')
    const fresh = await connect(server)
    await insert(old, id)
    await insert(fresh, id + 1)
    assert.equal(
      Buffer.from((await stored(database, id, 'email')).slice(2), 'hex').toString(),
      'a@b.example',
    )
    assert.match(await stored(database, id + 1, 'email'), /^\\x252525/)

    await writeFile(config, 'schemas: [{table: people, colums: []}]\n')
    process.kill(server.pid, 'SIGHUP')
    const log = await says(server, 'the old one stays')
    assert.match(log, /code=901 error=".*colums/)
    const later = await connect(server)
    await insert(later, id + 2)
    assert.match(await stored(database, id + 2, 'email'), /^\\x252525/)
    for (const client of [old, fresh, later]) await client.close()
  })

  test(`SIGHUP names what cannot change (${workers} workers)`, async () => {
    const config = join(sandbox.folder, `fixed-${workers}.yaml`)
    await writeFile(config, 'version: 0.96.0\n')
    const server = await serve(...flags, `--config_file=${config}`)
    const moved = 'incoming_connection_prometheus_metrics_string: tcp://127.0.0.1:1/\n'
    await writeFile(config, `version: 0.96.0\n${moved}`)
    process.kill(server.pid, 'SIGHUP')
    const log = await says(server, 'Configuration was read again')
    assert.match(log, /incoming_connection_prometheus_metrics_string cannot change while/)
  })

  test(`SIGHUP refuses and drops nobody (${workers} workers)`, async () => {
    const server = await serve(...flags)
    const open = await connect(server)
    for (let i = 0; i < 20; i++) {
      process.kill(server.pid, 'SIGHUP')
      const client = await connect(server)
      assert.equal((await client.query('SELECT 1')).at(-1)?.type, 'Z')
      assert.equal((await open.query('SELECT 1')).at(-1)?.type, 'Z')
      await client.close()
    }
    await open.close()
  })

  test(`the limit of connections holds for all of them, and ends with one of them (${workers} workers)`, async () => {
    const server = await serve(...flags, '--max_connections=2')
    const [one, two] = [await connect(server), await connect(server)]
    await assert.rejects(connect(server), /too many connections/)
    assert.match(
      await says(server, 'code=2013'),
      /code=2013 error="too many connections" limit=max_connections /,
    )
    await one.close()
    // The end of a connection is noticed a moment after its client has seen it.
    let next: RawClient | null = null
    while (next === null) next = await connect(server).catch(() => null)
    await next.close()
    await two.close()
  })
}

test('a client id has a limit of its own', async () => {
  const server = await serve('--max_connections_per_client=1')
  const one = await connect(server)
  await assert.rejects(connect(server), /too many connections/)
  await says(server, 'limit=max_connections_per_client')
  await one.close()
})

test('of clients that say nothing only so many are held: the eldest gives way to one that logs in', async () => {
  const server = await serve('--max_connections_starting=2')
  const silent = await silentClients(server, 3)
  const client = await connect(server)
  assert.equal((await client.query('SELECT 1')).at(-1)?.type, 'Z')
  await says(server, 'Connections that say nothing give way" code=2013')
  await client.close()
  assert.ok(silent.some((socket) => socket.destroyed))
  for (const socket of silent) socket.destroy()
})

/** Why a connection is refused; nothing where it is closed without a word. */
async function refusalOf(server: Place): Promise<string> {
  try {
    const client = await connect(server)
    assert.equal(client.key.length, 0, 'there is no room')
    return ''
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return (error as Error).message
  }
}

async function silentClients({ host, port }: Place, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => dial(port, host))
  for (const socket of sockets) socket.on('error', () => {})
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

test('where descriptors run out clients are told, and the server goes on when there are some again', async () => {
  const port = await freePort()
  const logFile = join(sandbox.folder, 'few-descriptors.log')
  const program = join(root, 'packages/suite/bin/acra-server.js')
  const options = [
    `--db_host=${database.host} --db_port=${database.port} --client_id=application`,
    `--keys_dir=${keys.folder} --incoming_connection_string=tcp://127.0.0.1:${port}/ -v`,
  ]
  const line = `ulimit -n 200; exec ${process.execPath} ${program} ${options.join(' ')} 2>${logFile}`
  const env = { ...process.env, ...keys.environment }
  const child = sandbox.spawn('/bin/sh', ['-c', line], 'TERM', { env, stdio: 'ignore' })
  const server = { host: '127.0.0.1', port, logFile }
  await says(server, 'Listening on')
  const silent = await silentClients(server, 150)
  const log = await says(server, 'limit="open files"')
  assert.match(log, /limit of open files lets in 68 connections only, of max_connections=10000/)
  const loggedIn = await Promise.all(Array.from({ length: 68 }, () => connect(server)))
  // Only so many are told at once; the others are closed without a word.
  let said = ''
  while (!said.includes('too many connections')) said = await refusalOf(server)
  await Promise.all(loggedIn.map((one) => one.close()))
  for (const socket of silent) socket.destroy()
  let client: RawClient | null = null
  while (client === null || client.key.length === 0) {
    client = await connect(server).catch(() => null)
  }
  await client.close()
  await end(child, 'TERM')
})

test('a worker that is killed is replaced, the other one goes on, and no counter goes back', async () => {
  const port = await freePort()
  const metrics = `--incoming_connection_prometheus_metrics_string=tcp://127.0.0.1:${port}/`
  const server = await serve('--workers=2', metrics)
  const ready = await says(server, 'Worker 2 is ready')
  const total = async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return Number(/^acraserver_connections_total\{connection_type="db"\} (\d+)$/m.exec(text)?.[1])
  }
  // One of the two workers has each.
  const clients = [await connect(server), await connect(server)]
  const before = await total()
  assert.ok(before >= 2)
  process.kill(Number(/Worker 1 is ready" pid=(\d+)/.exec(ready)?.[1]), 'SIGKILL')
  const log = await says(server, 'Worker 3 is ready')
  assert.match(log, /code=2014 error=SIGKILL .*worker=1\n/)
  const answers = await Promise.all(clients.map((client) => client.query('SELECT 1')))
  const alive = answers.filter((answer) => answer.at(-1)?.type === 'Z')
  assert.equal(alive.length, 1)
  assert.ok((await total()) >= before)
  const next = await connect(server)
  assert.ok((await total()) > before)
  await next.close()
  const sessions = [
    ...(await readFile(server.logFile, 'utf8')).matchAll(/Got new connection.*session_id=(\S+)/g),
  ]
  const names = sessions.map(([, name]) => name)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.every((name) => /^\d+-\d+$/.test(name ?? '')))
})

test('a worker that hangs is replaced, and clients go on meanwhile', async () => {
  const port = await freePort()
  const metrics = `--incoming_connection_prometheus_metrics_string=tcp://127.0.0.1:${port}/`
  const server = await serve('--workers=2', '--worker_timeout=5', metrics)
  const ready = await says(server, 'Worker 2 is ready')
  const clients = [await connect(server), await connect(server)]
  process.kill(Number(/Worker 1 is ready" pid=(\d+)/.exec(ready)?.[1]), 'SIGSTOP')
  const next = await connect(server)
  assert.equal((await next.query('SELECT 1')).at(-1)?.type, 'Z')
  const log = await says(server, 'Worker 3 is ready')
  assert.match(log, /code=2015 .*worker=1 worker_timeout=5\n/)
  assert.match(log, /code=2014 error=SIGKILL .*worker=1\n/)
  const answers = await Promise.all(clients.map((client) => client.query('SELECT 1')))
  assert.equal(answers.filter((answer) => answer.at(-1)?.type === 'Z').length, 1)
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  assert.match(text, /^acraserver_workers_ended_total\{reason="silent"\} 1$/m)
  await next.close()
})

test('the metrics have the names and labels of the original, count each value once, and hold no value', async () => {
  const port = await freePort()
  const config = join(sandbox.folder, 'metrics.yaml')
  await writeFile(config, encryptorConfig)
  const server = await serve(
    `--incoming_connection_prometheus_metrics_string=tcp://127.0.0.1:${port}/`,
    `--encryptor_config_file=${config}`,
  )
  const client = await connect(server)
  await client.query(
    "INSERT INTO people (id, email, photo) VALUES (900, 'canary', '\\x63616e617279')",
  )
  await client.query('SELECT email, photo FROM people WHERE id = 900')
  await client.query("SELECT decode('252525', 'hex')")
  await client.close()
  const ended = /^acraserver_connections_processing_seconds_count\{connection_type="db"\} [1-9]/m
  let text = ''
  while (!ended.test(text)) text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const value = (name: string) => series.find((line) => line.startsWith(`${name} `))?.split(' ')[1]
  for (const [name, expected] of [
    ['acra_encryptions_total{status="success",type="acrablock"}', '1'],
    ['acra_encryptions_total{status="success",type="acrastruct"}', '1'],
    ['acra_encryptions_total{status="fail",type="acrablock"}', '0'],
    ['acra_decryptions_total{status="success",type="acrablock"}', '1'],
    ['acra_decryptions_total{status="success",type="acrastruct"}', '1'],
    ['acra_decryptions_total{status="fail",type="acrastruct"}', '0'],
    ['acra_acrastruct_decryptions_total{status="success"}', '1'],
    ['acra_api_encryptions_total{status="success"}', '1'],
    ['acra_tokenizations_total{status="success",token_type="Email"}', '0'],
    ['acra_detokenizations_total{status="fail",token_type="Int32"}', '0'],
    ['acraserver_build_info{edition="ce",version="0.1.0"}', '1'],
  ] as const) {
    assert.equal(value(name), expected, name)
  }
  for (const [name, bounds] of [
    ['acraserver_connections_processing_seconds', [0.1, 0.2, 0.5, 1, 10, 60, 3600, 86400]],
    ['acraserver_request_processing_seconds', processingBounds],
    ['acraserver_response_processing_seconds', processingBounds],
  ] as const) {
    const label = name.includes('connections') ? 'connection_type="db"' : 'db="postgresql"'
    const prefix = `${name}_bucket{${label},le="`
    const found = series
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length).split('"')[0])
    assert.equal(found.pop(), '+Inf')
    assert.deepEqual(found.map(Number), [...bounds], name)
    assert.ok(Number(value(`${name}_count{${label}}`)) >= 1, name)
  }
  assert.doesNotMatch(text, /canary|application|people|email/)
})

test('workers end with their supervisor, however it ends', async () => {
  const server = await serve('--workers=2')
  const log = await says(server, 'Worker 2 is ready')
  const pids = [...log.matchAll(/Worker \d is ready" pid=(\d+)/g)].map(([, pid]) => Number(pid))
  assert.equal(pids.length, 2)
  process.kill(server.pid, 'SIGKILL')
  for (const pid of pids) while (isAlive(pid)) await turn()
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
