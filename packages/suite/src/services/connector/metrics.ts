import { performance } from 'node:perf_hooks'
import {
  buildMetrics,
  type Counter,
  type Histogram,
  type Product,
  processMetrics,
  Registry,
} from '../../observe/index.ts'
import { connectionBounds, keystoreDegraded } from '../metrics/index.ts'

/** What acra-connector counts. The names, labels and helps are the original's. spec: observability §2 */
export class ConnectorMetrics {
  readonly registry = new Registry()
  /** The place where the master key comes from has gone away (1) or is back (-1). */
  readonly keystoreDegraded: (change: 1 | -1) => void
  readonly #connections: readonly Counter[]
  readonly #seconds: readonly Histogram[]

  constructor(product: Product) {
    const { registry } = this
    const labels = { connection_type: ['db', 'api'] }
    this.#connections = registry.counters(
      'acraconnector_connections_total',
      'number of connections to database',
      labels,
    )
    this.#seconds = registry.histograms(
      'acraconnector_connections_processing_seconds',
      'Time of connection processing',
      connectionBounds,
      labels,
    )
    this.keystoreDegraded = keystoreDegraded(registry, 'acraconnector')
    buildMetrics(registry, product)
    processMetrics(registry)
  }

  /** A connection was accepted; what is returned is to be called when it has ended. */
  connected(kind: 'application' | 'api'): () => void {
    const index = kind === 'application' ? 0 : 1
    this.#connections[index]!.add(1)
    const begin = performance.now()
    return () => this.#seconds[index]!.observe((performance.now() - begin) / 1000)
  }
}
