import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createLogger, loggingOptions, plaintext } from '../../../observe/index.ts'
import { configurationOptions, joined, parseCommandLine, settle } from '../../../options/index.ts'
import type { Service } from '../alone.ts'
import { type ServerOptions, serverOptions } from '../options.ts'
import type { ToWorker } from './messages.ts'
import { startWorkers } from './supervisor.ts'
import type { WorkerListener } from './worker-process.ts'

const table = joined(joined(configurationOptions, loggingOptions), serverOptions)

function optionsOf(...words: string[]): ServerOptions {
  const all = ['--db_host=127.0.0.1', '--incoming_connection_string=tcp://127.0.0.1:0/', ...words]
  return settle(table, parseCommandLine(table, all).given, new Map()).values as ServerOptions
}

/** A worker that does what the test says, in the place of a process. */
class FakeWorker {
  readonly heard: ToWorker[] = []
  readonly sockets = new Map<number, Socket>()
  readonly listener: WorkerListener
  isKilled = false
  #onSocket: (id: number) => void = () => {}

  constructor(listener: WorkerListener) {
    this.listener = listener
  }

  send(message: ToWorker, socket?: Socket): void {
    this.heard.push(message)
    if (message.kind !== 'connection' || socket === undefined) return
    this.sockets.set(message.id, socket)
    this.#onSocket(message.id)
  }

  /** The next connection that is given to it. */
  connection(): Promise<number> {
    return new Promise((resolve) => {
      this.#onSocket = resolve
    })
  }

  ready(): void {
    this.listener.onMessage({ kind: 'ready', protectsColumns: true })
  }

  kinds(): string[] {
    return this.heard.map(({ kind }) => kind)
  }
}

class Crew {
  readonly workers: FakeWorker[] = []
  readonly lines: string[] = []
  service: Service | null = null

  start(...words: string[]): Promise<Service> {
    const log = createLogger({
      level: 'info',
      outputs: [{ format: plaintext, sink: { write: (line) => this.lines.push(line) } }],
      clock: { now: () => 0, zone: () => 0 },
    })
    const product = { name: 'acra-server', version: '1.2.3' }
    const context = { environment: {}, log, product, startScript: () => true }
    return startWorkers(optionsOf('--workers=2', ...words), context, (listener) => {
      const worker = new FakeWorker(listener)
      this.workers.push(worker)
      return {
        pid: 1000 + this.workers.length,
        send: (message, socket) => worker.send(message, socket),
        kill: () => {
          worker.isKilled = true
          listener.onEnd('SIGKILL')
        },
      }
    })
  }

  /** A service whose two workers are ready. */
  async serve(...words: string[]): Promise<Service> {
    const started = this.start(...words)
    this.workers[0]!.ready()
    const service = await started
    this.workers[1]!.ready()
    return service
  }
}

async function client(service: Service): Promise<Socket> {
  const port = Number(/:(\d+)\/$/.exec(service.address)?.[1])
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Ends the workers as they would end when they are told to stop. */
async function stop(service: Service, crew: Crew): Promise<void> {
  const stopped = service.stop()
  for (const worker of crew.workers) {
    if (worker.kinds().includes('stop')) worker.listener.onEnd('exit code 0')
  }
  await stopped
}

test('connections go to the worker that has the fewest', async () => {
  const crew = new Crew()
  const service = await crew.serve()
  const [one, two] = crew.workers as [FakeWorker, FakeWorker]
  const sockets: Socket[] = []
  for (const worker of [one, two, one]) {
    const given = worker.connection()
    sockets.push(await client(service))
    worker.listener.onMessage({ kind: 'taken', id: await given })
  }
  one.listener.onMessage({ kind: 'closed' })
  one.listener.onMessage({ kind: 'closed' })
  const given = one.connection()
  sockets.push(await client(service))
  await given
  for (const socket of sockets) socket.destroy()
  await stop(service, crew)
})

test('a connection that a worker has not taken when it dies goes to another one', async () => {
  const crew = new Crew()
  const service = await crew.serve()
  const [one, two] = crew.workers as [FakeWorker, FakeWorker]
  const first = one.connection()
  const socket = await client(service)
  await first
  const second = two.connection()
  one.listener.onEnd('SIGKILL')
  const id = await second
  assert.ok(two.sockets.get(id)?.destroyed === false)
  assert.match(crew.lines.join(''), /code=2014 error=SIGKILL .*worker=1\n/)
  socket.destroy()
  await stop(service, crew)
})

test('connections wait while no worker is ready', async () => {
  const crew = new Crew()
  const service = await crew.serve('--max_connections_starting=1')
  for (const worker of crew.workers.slice()) worker.listener.onEnd('SIGKILL')
  const waiting = await client(service)
  const refused = await client(service)
  const [said] = (await once(refused, 'data')) as [Buffer]
  assert.match(said.toString('latin1'), /^E[\s\S]*C53300\0Mtoo many connections\0/)
  const started = async () => {
    while (crew.workers.length < 3) await new Promise((resolve) => setImmediate(resolve))
    return crew.workers[2]!
  }
  const third = await started()
  const given = third.connection()
  third.ready()
  await given
  waiting.destroy()
  await stop(service, crew)
})

test('limits hold for all workers together, and a worker that dies gives back what it had', async () => {
  const crew = new Crew()
  const service = await crew.serve('--max_connections=2')
  const [one, two] = crew.workers as [FakeWorker, FakeWorker]
  const enter = (worker: FakeWorker, id: number) => {
    worker.listener.onMessage({ kind: 'enter', id, clientId: 'alice' })
    return worker.heard.at(-1)
  }
  assert.deepEqual(enter(one, 1), { kind: 'entered', id: 1, limit: null })
  assert.deepEqual(enter(one, 2), { kind: 'entered', id: 2, limit: null })
  assert.deepEqual(enter(two, 1), { kind: 'entered', id: 1, limit: 'max_connections' })
  one.listener.onMessage({ kind: 'leave', clientId: 'alice' })
  assert.deepEqual(enter(two, 2), { kind: 'entered', id: 2, limit: null })
  one.listener.onEnd('SIGKILL')
  assert.deepEqual(enter(two, 3), { kind: 'entered', id: 3, limit: null })
  assert.deepEqual(enter(two, 4), { kind: 'entered', id: 4, limit: 'max_connections' })
  await stop(service, crew)
})

test('a configuration that the first worker cannot use reaches no other and stays out', async () => {
  const crew = new Crew()
  const service = await crew.serve()
  const [one, two] = crew.workers as [FakeWorker, FakeWorker]
  const options = optionsOf('--workers=3', '--client_id=someid')
  const reloading = service.reload(options)
  assert.deepEqual(one.heard.at(-1), { kind: 'reload', options })
  const error = { code: 'store-unusable', messages: ['the store cannot be used'] }
  one.listener.onMessage({ kind: 'reloaded', error })
  await assert.rejects(reloading, { code: 'store-unusable' })
  assert.ok(!two.kinds().includes('reload'))

  const again = service.reload(options)
  one.listener.onMessage({ kind: 'reloaded', error: null })
  while (!two.kinds().includes('reload')) await new Promise((resolve) => setImmediate(resolve))
  two.listener.onMessage({ kind: 'reloaded', error: null })
  await again
  assert.match(crew.lines.join(''), /workers cannot change while the server runs/)
  one.listener.onEnd('SIGKILL')
  while (crew.workers.length < 3) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(crew.workers[2]!.heard, [{ kind: 'start', worker: 3, options }])
  crew.workers[2]!.ready()
  await stop(service, crew)
})

test('a configuration that cannot be used ends the start with its error', async () => {
  const crew = new Crew()
  const started = crew.start()
  const error = { code: 'master-key-missing', messages: ['master key is empty'] }
  crew.workers[0]!.listener.onMessage({ kind: 'failed', error })
  crew.workers[0]!.listener.onEnd('exit code 0')
  await assert.rejects(started, { code: 'master-key-missing', message: 'master key is empty' })
  assert.equal(crew.workers.length, 1)
})

test('workers that die before any can serve end the start', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const crew = new Crew()
  const started = crew.start()
  const rejected = assert.rejects(started, { code: 'workers-end-at-once', message: /with SIGSEGV/ })
  for (let i = 0; i < 5; i++) {
    crew.workers.at(-1)!.listener.onEnd('SIGSEGV')
    t.mock.timers.tick(1000)
  }
  await rejected
  assert.equal(crew.workers.length, 5)
})

test('a worker that does not answer gets no more connections, and is replaced in the end', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  const crew = new Crew()
  const service = await crew.serve('--worker_timeout=3')
  const [silent, well] = crew.workers as [FakeWorker, FakeWorker]
  const beat = () => {
    t.mock.timers.tick(1000)
    for (const worker of crew.workers) {
      if (worker === silent || worker.kinds().at(-1) !== 'ping') continue
      worker.listener.onMessage({ kind: 'pong' })
    }
  }
  beat()
  beat()
  const sockets: Socket[] = []
  for (let i = 0; i < 2; i++) {
    const given = well.connection()
    sockets.push(await client(service))
    await given
  }
  beat()
  assert.ok(!silent.isKilled)
  assert.equal(silent.kinds().filter((kind) => kind === 'ping').length, 1)
  beat()
  assert.ok(silent.isKilled && !well.isKilled)
  assert.match(
    crew.lines.join(''),
    /code=2015 .*worker=1 worker_timeout=3\n.*code=2014 error=SIGKILL/,
  )
  t.mock.timers.tick(0)
  assert.equal(crew.workers.length, 3)
  for (const socket of sockets) socket.destroy()
  await stop(service, crew)
})

test('where no worker answers connections still go to the one that has the fewest', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const crew = new Crew()
  const service = await crew.serve()
  for (let i = 0; i < 3; i++) t.mock.timers.tick(1000)
  const given = crew.workers[0]!.connection()
  const socket = await client(service)
  await given
  crew.workers[0]!.listener.onMessage({ kind: 'pong' })
  t.mock.timers.tick(1000)
  assert.deepEqual(crew.workers[0]!.kinds().slice(-2), ['connection', 'ping'])
  assert.equal(crew.workers[1]!.kinds().at(-1), 'ping')
  socket.destroy()
  await stop(service, crew)
})

test('a stop tells those who serve and kills those who do not yet', async () => {
  const crew = new Crew()
  const started = crew.start()
  crew.workers[0]!.ready()
  const service = await started
  const stopped = service.stop()
  assert.equal(crew.workers[0]!.heard.at(-1)?.kind, 'stop')
  assert.ok(crew.workers[1]!.isKilled)
  crew.workers[0]!.listener.onEnd('exit code 0')
  await stopped
  assert.equal(crew.workers.length, 2)
})
