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
import { operations } from './operations.ts'
import { tokenOperations } from './token-requests.ts'

export type Interface = 'http' | 'grpc'
const interfaces: readonly Interface[] = ['http', 'grpc']

/** What acra-translator counts. The names, labels and helps are the original's. spec: observability §2 */
export class TranslatorMetrics {
  readonly registry = new Registry()
  /** The place where the master key comes from has gone away (1) or is back (-1). */
  readonly keystoreDegraded: (change: 1 | -1) => void
  /** Values that are protected and revealed. */
  readonly values: ValueMetrics
  readonly #connections: readonly Counter[]
  readonly #connectionSeconds: readonly Histogram[]
  readonly #requests: readonly Histogram[]
  readonly #names: readonly string[]

  constructor(product: Product) {
    const { registry } = this
    const connections = { connection_type: interfaces }
    this.#names = [...operations, ...tokenOperations].map(({ name }) => name)
    this.#connections = registry.counters(
      'acratranslator_connections_total',
      'number of connections to database',
      connections,
    )
    this.#connectionSeconds = registry.histograms(
      'acratranslator_connections_processing_seconds',
      'Time of connection processing',
      connectionBounds,
      connections,
    )
    this.#requests = registry.histograms(
      'acratranslator_request_processing_seconds',
      'Time of response processing',
      processingBounds,
      { request_type: interfaces, operation: this.#names },
    )
    this.values = new ValueMetrics(registry)
    this.keystoreDegraded = keystoreDegraded(registry, 'acratranslator')
    buildMetrics(registry, product)
    processMetrics(registry)
  }

  /** A client has connected; what is returned is to be called when the connection has ended. */
  connected(over: Interface): () => void {
    const index = interfaces.indexOf(over)
    this.#connections[index]!.add(1)
    const begin = performance.now()
    return () => this.#connectionSeconds[index]!.observe((performance.now() - begin) / 1000)
  }

  /** An operation has taken so many seconds. */
  operation(over: Interface, name: string, seconds: number): void {
    const at = interfaces.indexOf(over) * this.#names.length + this.#names.indexOf(name)
    this.#requests[at]?.observe(seconds)
  }
}
