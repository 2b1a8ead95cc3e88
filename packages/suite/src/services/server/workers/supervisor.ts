import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { AcraError } from '../../../foundation/index.ts'
import { formatAddress, type Listener, listen } from '../../../net/index.ts'
import { events, type Snapshot, Totals } from '../../../observe/index.ts'
import { type MetricsEndpoint, serveMetrics } from '../../metrics/index.ts'
import { ConnectionCount, connectionLimits } from '../admission.ts'
import { logAdvice } from '../advice.ts'
import type { Service, ServiceContext } from '../alone.ts'
import { checkOptions } from '../check-options.ts'
import { acceptErrorLog, listenAddress, listenForApi, warnOfFixed } from '../listening.ts'
import { ServerMetrics } from '../metrics.ts'
import type { ServerOptions } from '../options.ts'
import { Doorkeeper } from '../refusal.ts'
import { leastLoaded, Member, readyOf } from './crew.ts'
import type { ToSupervisor, ToWorker } from './messages.ts'
import { BEAT_MS } from './pulse.ts'
import { Restarts } from './restarts.ts'
import { unpackError } from './transported-error.ts'
import type { StartWorker } from './worker-process.ts'

/** How long workers may take to answer what all of them are asked. */
const ANSWER_MS = 2000
/** How much longer than their connections workers may take to end. */
const STOP_EXTRA_MS = 5000
/** How long a worker may be silent that has not been ready yet: it loads all that it needs at once. */
const START_MS = 60_000

/** The workers end before any of them could serve. */
export class WorkersError extends AcraError<'workers-end-at-once'> {}

/**
 * acra-server as several processes: this one listens, deals out connections, counts them, adds up the metrics and keeps the
 * workers alive. Throws where anything is wrong: the process has to end then, and the workers end with it.
 */
export async function startWorkers(
  options: ServerOptions,
  context: ServiceContext,
  startWorker: StartWorker,
): Promise<Service> {
  checkOptions(options)
  const supervisor = new Supervisor(options, context, startWorker)
  await supervisor.start()
  return supervisor
}

class Supervisor implements Service {
  readonly #context: ServiceContext
  readonly #startWorker: StartWorker
  readonly #metrics: ServerMetrics
  readonly #totals: Totals<Member>
  readonly #admission: ConnectionCount
  readonly #restarts = new Restarts()
  readonly #doorkeeper = new Doorkeeper()
  readonly #members = new Set<Member>()
  /** Accepted while no worker was ready. */
  readonly #waiting = new Set<Socket>()
  /** Those of them, and of all others, that have come to the HTTP API. */
  readonly #toApi = new WeakSet<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #options: ServerOptions
  #lastWorker = 0
  #lastConnection = 0
  #isStopping = false
  #heart: NodeJS.Timeout | undefined
  #listener: Listener | null = null
  #apiListener: Listener | null = null
  #endpoint: MetricsEndpoint | null = null
  #onFirst: { resolve(protectsColumns: boolean): void; reject(error: Error): void } | null = null
  #onLastEnd = () => {}
  #shutDown = () => {}

  constructor(options: ServerOptions, context: ServiceContext, startWorker: StartWorker) {
    this.#options = options
    this.#context = context
    this.#startWorker = startWorker
    this.#metrics = new ServerMetrics(context.product)
    this.#totals = new Totals(this.#metrics.registry)
    this.#admission = new ConnectionCount(connectionLimits(options))
  }

  readonly failed = new Promise<void>((resolve) => {
    this.#shutDown = resolve
  })

  get address(): string {
    return this.#listener === null ? '' : formatAddress(this.#listener.address)
  }

  /** The first worker finds out whether the configuration can be used; the others follow once it is ready. */
  async start(): Promise<void> {
    const { log } = this.#context
    const options = this.#options
    this.#heart = setInterval(() => this.#beat(), BEAT_MS).unref()
    const protectsColumns = await new Promise<boolean>((resolve, reject) => {
      this.#onFirst = { resolve, reject }
      this.#startOne()
    })
    this.#onFirst = null
    for (let i = 1; i < options.workers; i++) this.#startOne()
    this.#listener = await listen(listenAddress(options), {
      onConnection: (socket) => this.#accept(socket),
      onError: acceptErrorLog(log),
      pauseOnConnect: true,
    })
    this.#apiListener = await listenForApi(options, log, (socket) => {
      this.#toApi.add(socket)
      this.#accept(socket)
    })
    const metricsAddress = options.incoming_connection_prometheus_metrics_string
    const source = { registry: this.#metrics.registry, collect: () => this.#collect() }
    this.#endpoint = await serveMetrics(metricsAddress, source, log)
    logAdvice(options, this.#listener.address, protectsColumns, log)
  }

  async reload(options: ServerOptions): Promise<void> {
    checkOptions(options)
    const { log } = this.#context
    const [first, ...others] = readyOf(this.#members)
    if (first === undefined) throw new Error('no worker is ready to try the new configuration')
    const refusal = await this.#reloadOne(first, options)
    if (refusal !== null) throw refusal
    warnOfFixed(this.#options, options, log)
    this.#options = options
    this.#admission.limits = connectionLimits(options)
    for (const member of others) await this.#bringUpToDate(member)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    void this.#listener?.close()
    void this.#apiListener?.close()
    clearInterval(this.#heart)
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#waiting) socket.destroy()
    const ended = new Promise<void>((resolve) => {
      this.#onLastEnd = resolve
    })
    for (const { process, isReady } of this.#members) {
      if (isReady) process?.send({ kind: 'stop' })
      else process?.kill()
    }
    const patience = this.#options.incoming_connection_close_timeout * 1000 + STOP_EXTRA_MS
    const limit = setTimeout(() => {
      for (const { process } of this.#members) process?.kill()
    }, patience)
    if (this.#members.size > 0) await ended
    clearTimeout(limit)
    this.#endpoint?.close()
  }

  // Workers.

  #startOne(): void {
    const member = new Member(++this.#lastWorker, performance.now(), this.#options)
    this.#members.add(member)
    member.process = this.#startWorker({
      onMessage: (message) => this.#hear(member, message),
      onEnd: (how) => this.#ended(member, how),
    })
    member.process.send({ kind: 'start', worker: member.number, options: member.options })
  }

  #hear(member: Member, message: ToSupervisor): void {
    // Whatever it says: the answer itself may have to wait behind many sockets on their way to it.
    member.pulse.heard()
    switch (message.kind) {
      case 'ready':
        this.#ready(member, message.protectsColumns)
        break
      case 'failed':
        this.#failed(member, unpackError(message.error))
        break
      case 'taken':
        member.inFlight.get(message.id)?.destroy()
        member.inFlight.delete(message.id)
        break
      case 'closed':
        member.load--
        break
      case 'shut-down':
        this.#shutDown()
        break
      case 'enter':
        this.#enter(member, message.id, message.clientId)
        break
      case 'leave':
        this.#leave(member, message.clientId, 1)
        break
      case 'reloaded':
        member.onReload?.(message.error === null ? null : unpackError(message.error))
        break
      case 'pong':
        break
      case 'reset-keys':
        void this.#resetKeys(member, message.id)
        break
      case 'forgot-keys':
        for (const told of member.onForgot.splice(0)) told()
        break
      case 'schema-changed':
        void this.#relearn(member, message)
        break
      case 'relearned':
        member.onRelearned.shift()?.()
        break
      case 'snapshot':
        this.#totals.update(member, message.cells)
        for (const told of member.onSnapshot.splice(0)) told()
        break
    }
  }

  #ready(member: Member, protectsColumns: boolean): void {
    const { number, process } = member
    this.#context.log.info(`Worker ${number} is ready`, { worker: number, pid: process?.pid })
    this.#restarts.ready()
    member.isReady = true
    this.#onFirst?.resolve(protectsColumns)
    // A reload may have come while it started.
    void this.#bringUpToDate(member)
    for (const socket of this.#waiting) {
      this.#waiting.delete(socket)
      this.#accept(socket)
    }
  }

  /** A worker cannot use the configuration: at the start of the service nothing can. */
  #failed({ number }: Member, error: Error): void {
    if (this.#onFirst === null) {
      const fields = { worker: number, error }
      this.#context.log.event(events.cannotStartService, fields, "Can't start worker")
      return
    }
    this.#isStopping = true
    this.#onFirst.reject(error)
  }

  #ended(member: Member, how: string): void {
    this.#members.delete(member)
    this.#totals.remove(member)
    for (const [clientId, count] of member.admitted) this.#leave(member, clientId, count)
    member.onReload?.(new Error(`worker ${member.number} has ended`))
    for (const answers of [member.onSnapshot, member.onForgot, member.onRelearned])
      for (const told of answers.splice(0)) told()
    if (this.#isStopping) {
      for (const socket of member.inFlight.values()) socket.destroy()
      if (this.#members.size === 0) this.#onLastEnd()
      return
    }
    member.isReady = false
    for (const socket of member.inFlight.values()) this.#accept(socket)
    this.#replace(member, how)
  }

  /** Asks everybody whether it is well, and ends those who have not answered in time: others take their place. */
  #beat(): void {
    const { worker_timeout: timeout } = this.#options
    for (const member of this.#members) {
      const silentMs = member.pulse.beat()
      const patienceMs = Math.max(timeout * 1000, member.isReady ? 0 : START_MS)
      if (silentMs === 0) member.process?.send({ kind: 'ping' })
      else if (silentMs >= patienceMs) this.#giveUp(member, timeout)
    }
  }

  #giveUp(member: Member, timeout: number): void {
    const fields = { worker: member.number, worker_timeout: timeout }
    this.#context.log.event(events.workerSilent, fields)
    member.isGivenUp = true
    member.process?.kill()
  }

  #replace({ number, startedMs, isGivenUp }: Member, how: string): void {
    this.#metrics.workerEnded(isGivenUp ? 'silent' : 'died')
    const delayMs = this.#restarts.ended(performance.now() - startedMs)
    const { log } = this.#context
    if (delayMs === null) {
      const text = `the workers end before they can serve, the last one with ${how}`
      this.#onFirst?.reject(new WorkersError('workers-end-at-once', text))
      return
    }
    log.event(events.workerEnded, { worker: number, error: how, restart_in_ms: delayMs })
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#startOne()
    }, delayMs)
    this.#timers.add(timer)
  }

  #reloadOne(member: Member, options: ServerOptions): Promise<Error | null> {
    return new Promise((resolve) => {
      member.onReload = (error) => {
        member.onReload = null
        if (error === null) member.options = options
        resolve(error)
      }
      member.process?.send({ kind: 'reload', options })
    })
  }

  async #bringUpToDate(member: Member): Promise<void> {
    if (member.options === this.#options) return
    const error = await this.#reloadOne(member, this.#options)
    if (error === null || !this.#members.has(member)) return
    const text = "Worker can't read configuration again, it goes on with the old one"
    this.#context.log.event(events.cannotReadConfiguration, { worker: member.number, error }, text)
  }

  // Connections.

  #accept(socket: Socket): void {
    const member = leastLoaded(this.#members)
    if (this.#isStopping) socket.destroy()
    else if (member !== null) this.#deal(member, socket)
    else if (this.#waiting.size >= this.#options.max_connections_starting) {
      this.#doorkeeper.turnAway(socket)
    } else this.#waiting.add(socket)
  }

  /** The socket stays ours, unread, until the worker has it: if the worker dies before, another one gets it. */
  #deal(member: Member, socket: Socket): void {
    const id = ++this.#lastConnection
    member.load++
    member.inFlight.set(id, socket)
    socket.on('error', () => socket.destroy())
    const front = this.#toApi.has(socket) ? 'api' : 'database'
    member.process?.send({ kind: 'connection', id, front }, socket, (error) => {
      this.#context.log.event(events.cannotStartConnection, { worker: member.number, error })
      member.load--
      member.inFlight.delete(id)
      socket.destroy()
    })
  }

  #enter(member: Member, id: number, clientId: string | null): void {
    const limit = this.#admission.enter(clientId)
    if (limit === null) member.admitted.set(clientId, (member.admitted.get(clientId) ?? 0) + 1)
    member.process?.send({ kind: 'entered', id, limit })
  }

  #leave(member: Member, clientId: string | null, count: number): void {
    const left = (member.admitted.get(clientId) ?? 0) - count
    if (left > 0) member.admitted.set(clientId, left)
    else member.admitted.delete(clientId)
    for (let i = 0; i < count; i++) this.#admission.leave(clientId)
  }

  // Metrics.

  /** What all workers have counted; of one that does not answer in time, what it has told before. */
  async #collect(): Promise<Snapshot> {
    await this.#askAll({ kind: 'collect' }, ({ onSnapshot }) => onSnapshot)
    return this.#totals.snapshot()
  }

  // Keys.

  /** Whoever answers the HTTP API has asked for it, and hears when all have done it. */
  async #resetKeys(asker: Member, id: number): Promise<void> {
    const isComplete = await this.#askAll({ kind: 'forget-keys' }, ({ onForgot }) => onForgot)
    asker.process?.send({ kind: 'keys-reset', id, isComplete })
  }

  /** The worker that has seen the change learns it by itself. */
  async #relearn(
    asker: Member,
    { id, database, names }: Extract<ToSupervisor, { kind: 'schema-changed' }>,
  ): Promise<void> {
    const answersOf = ({ onRelearned }: Member) => onRelearned
    const isComplete = await this.#askAll({ kind: 'relearn', database, names }, answersOf, asker)
    asker.process?.send({ kind: 'schema-known', id, isComplete })
  }

  /** Asks all that are ready; false where one of them has not answered in time. */
  async #askAll(
    question: Question,
    answersOf: (member: Member) => (() => void)[],
    besides: Member | null = null,
  ): Promise<boolean> {
    const asked = [...this.#members].filter((member) => member.isReady && member !== besides)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), ANSWER_MS)
    })
    const all = Promise.all(asked.map((member) => ask(member, question, answersOf(member))))
    const isComplete = await Promise.race([all.then(() => true), late])
    clearTimeout(timer)
    return isComplete
  }
}

/** What several workers are asked at once. */
type Question = Extract<ToWorker, { readonly kind: 'collect' | 'forget-keys' | 'relearn' }>

/** Asks a worker something that it answers by calling the last of `answers`. */
function ask(member: Member, question: Question, answers: (() => void)[]): Promise<true> {
  return new Promise((resolve) => {
    answers.push(() => resolve(true))
    member.process?.send(question)
  })
}
