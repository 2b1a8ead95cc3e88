import { performance } from 'node:perf_hooks'
import {
  buildMetrics,
  type Counter,
  type Histogram,
  type Product,
  processMetrics,
  Registry,
} from '../../observe/index.ts'
import {
  connectionBounds,
  keystoreDegraded,
  processingBounds,
  ValueMetrics,
} from '../metrics/index.ts'

const CONNECTIONS = ['db', 'api'] as const
/** Why a worker has ended: by itself or by a signal, or because it did not answer any more. */
const ENDINGS = ['died', 'silent'] as const

/** What acra-server counts (acra-server.md §11). The names, labels and helps are the original's. */
export class ServerMetrics {
  readonly registry = new Registry()
  readonly #connections: readonly Counter[]
  readonly #connectionSeconds: readonly Histogram[]
  /** Seconds of work on what a client sends. */
  readonly requests: Histogram
  /** Seconds of work on what the database answers. */
  readonly responses: Histogram
  /** The place where the master key comes from has gone away (1) or is back (-1). */
  readonly keystoreDegraded: (change: 1 | -1) => void
  /** The statements to a database are refused, as its schema is not known any more (1), or are not (-1). */
  readonly schemaRefuses: (change: 1 | -1) => void
  /** Values that are protected and revealed. */
  readonly values: ValueMetrics
  readonly #schemasLearned: readonly Counter[]
  readonly #workersEnded: readonly Counter[]

  constructor(product: Product) {
    const { registry } = this
    const connections = { connection_type: CONNECTIONS }
    const databases = { db: ['postgresql', 'mysql'] }
    this.#connections = registry.counters(
      'acraserver_connections_total',
      'number of connections to database',
      connections,
    )
    this.#connectionSeconds = registry.histograms(
      'acraserver_connections_processing_seconds',
      'Time of connection processing',
      connectionBounds,
      connections,
    )
    const processing = (name: string) =>
      registry.histograms(name, 'Time of response processing', processingBounds, databases)[0]!
    this.requests = processing('acraserver_request_processing_seconds')
    this.responses = processing('acraserver_response_processing_seconds')
    this.values = new ValueMetrics(registry)
    this.#workersEnded = registry.counters(
      'acraserver_workers_ended_total',
      'number of worker processes that ended and were replaced',
      { reason: ENDINGS },
    )
    this.keystoreDegraded = keystoreDegraded(registry, 'acraserver')
    this.#schemasLearned = registry.counters(
      'acraserver_schema_learnings_total',
      'number of times that the schema of a database was learned, or could not be',
      { status: ['success', 'fail'] },
    )
    const refusing = registry.gauge(
      'acraserver_schema_refusing_databases',
      'number of databases whose statements are refused since their schema is not known any more',
      'sum',
    )
    let refusingCount = 0
    this.schemaRefuses = (change) => {
      refusingCount += change
      refusing.set(refusingCount)
    }
    buildMetrics(registry, product)
    processMetrics(registry)
  }

  /** A client has connected; what is returned is to be called when the connection has ended. */
  connected(kind: (typeof CONNECTIONS)[number] = 'db'): () => void {
    const index = CONNECTIONS.indexOf(kind)
    this.#connections[index]!.add(1)
    const begin = performance.now()
    return () => this.#connectionSeconds[index]!.observe((performance.now() - begin) / 1000)
  }

  /** The schema of a database was learned in a new state, or could not be. */
  schemaLearned(success: boolean): void {
    this.#schemasLearned[success ? 0 : 1]!.add(1)
  }

  /** A worker has ended without being told to. */
  workerEnded(reason: (typeof ENDINGS)[number]): void {
    this.#workersEnded[ENDINGS.indexOf(reason)]!.add(1)
  }
}
