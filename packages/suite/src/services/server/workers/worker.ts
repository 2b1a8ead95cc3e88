import type { Socket } from 'node:net'
import type { Environment } from '../../../keystore/index.ts'
import type { Logger, Product } from '../../../observe/index.ts'
import type { Admission, ReachedLimit } from '../admission.ts'
import { ServerMetrics } from '../metrics.ts'
import { Server } from '../server.ts'
import type { ToSupervisor, ToWorker } from './messages.ts'
import { packError } from './transported-error.ts'

/** How often the supervisor is told what was counted, so that little is lost with a worker that is killed. */
const SNAPSHOT_MS = 5000

/** What a worker works with. */
export interface WorkerContext {
  readonly environment: Environment
  readonly log: Logger
  readonly product: Product
  /** Starts a program without waiting for it. False where it cannot be started. */
  readonly startScript: (path: string) => boolean
  /** Says something to the supervisor; resolves when it is on its way. */
  readonly send: (message: ToSupervisor) => Promise<void>
}

/** A process among several that serve connections. Sockets come from the supervisor, and limits are counted there. */
export class Worker {
  readonly #context: WorkerContext
  readonly #metrics: ServerMetrics
  readonly #admission: RemoteAdmission
  /** Those who wait until all workers have done something. */
  readonly #asked = new Map<number, (isComplete: boolean) => void>()
  #lastAsked = 0
  #server: Server | null = null

  constructor(context: WorkerContext) {
    this.#context = context
    this.#metrics = new ServerMetrics(context.product)
    this.#admission = new RemoteAdmission(context.send)
  }

  /** Does what the supervisor says; true once the worker has nothing more to do and shall end. Never rejects. */
  async take(message: ToWorker, socket: Socket | null): Promise<boolean> {
    switch (message.kind) {
      case 'start':
        return this.#start(message)
      case 'connection':
        this.#connection(message, socket)
        return false
      case 'entered':
        this.#admission.entered(message.id, message.limit)
        return false
      case 'reload':
        await this.#reload(message)
        return false
      case 'collect':
        this.#tellCounts()
        return false
      case 'forget-keys':
        this.#server?.resetKeys()
        void this.#context.send({ kind: 'forgot-keys' })
        return false
      case 'relearn':
        await this.#server?.relearn(message.database, message.names)
        void this.#context.send({ kind: 'relearned' })
        return false
      case 'keys-reset':
      case 'schema-known':
        this.#asked.get(message.id)?.(message.isComplete)
        this.#asked.delete(message.id)
        return false
      case 'ping':
        void this.#context.send({ kind: 'pong' })
        return false
      case 'stop':
        await this.#server?.stop()
        await this.#tellCounts()
        return true
    }
  }

  async #start({ worker, options }: Extract<ToWorker, { kind: 'start' }>): Promise<boolean> {
    const { environment, log, send, startScript } = this.#context
    let sessions = 0
    try {
      this.#server = await Server.open(options, {
        environment,
        log,
        metrics: this.#metrics,
        admission: this.#admission,
        nextSession: () => `${worker}-${++sessions}`,
        resetAllKeys: () => this.#askAll((id) => ({ kind: 'reset-keys', id })),
        relearnElsewhere: (database, names) =>
          this.#askAll((id) => ({ kind: 'schema-changed', id, database, names })),
        reactions: { startScript, shutDown: () => void send({ kind: 'shut-down' }) },
      })
    } catch (error) {
      await send({ kind: 'failed', error: packError(error) })
      return true
    }
    setInterval(() => this.#tellCounts(), SNAPSHOT_MS).unref()
    await send({ kind: 'ready', protectsColumns: this.#server.protectsColumns })
    return false
  }

  #connection(
    { id, front }: Extract<ToWorker, { kind: 'connection' }>,
    socket: Socket | null,
  ): void {
    const { send } = this.#context
    // Before anything is read: what was not taken is given to another worker if this one dies.
    void send({ kind: 'taken', id })
    if (socket === null || this.#server === null) {
      void send({ kind: 'closed' })
      return
    }
    socket.allowHalfOpen = true
    const onClose = () => void send({ kind: 'closed' })
    if (front === 'api') this.#server.serveApi(socket, onClose)
    else this.#server.serve(socket, onClose)
  }

  async #reload({ options }: Extract<ToWorker, { kind: 'reload' }>): Promise<void> {
    try {
      await this.#server?.reload(options)
      void this.#context.send({ kind: 'reloaded', error: null })
    } catch (error) {
      void this.#context.send({ kind: 'reloaded', error: packError(error) })
    }
  }

  /** The supervisor passes it on to the others: true where all have done it. */
  #askAll(question: (id: number) => ToSupervisor): Promise<boolean> {
    const id = ++this.#lastAsked
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      void this.#context.send(question(id))
    })
  }

  #tellCounts(): Promise<void> {
    return this.#context.send({ kind: 'snapshot', cells: this.#metrics.registry.snapshot() })
  }
}

/** Asks the supervisor, which counts the connections of all workers. */
class RemoteAdmission implements Admission {
  readonly #send: WorkerContext['send']
  readonly #asked = new Map<number, (limit: ReachedLimit | null) => void>()
  #lastId = 0

  constructor(send: WorkerContext['send']) {
    this.#send = send
  }

  enter(clientId: string | null): Promise<ReachedLimit | null> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      void this.#send({ kind: 'enter', id, clientId })
    })
  }

  leave(clientId: string | null): void {
    void this.#send({ kind: 'leave', clientId })
  }

  entered(id: number, limit: ReachedLimit | null): void {
    this.#asked.get(id)?.(limit)
    this.#asked.delete(id)
  }
}
