import { performance } from 'node:perf_hooks'
import type { EnvelopeKind } from '@acra-ts/crypto'
import {
  buildMetrics,
  type Counter,
  type Histogram,
  type Product,
  processMetrics,
  Registry,
} from '../../observe/index.ts'
import type { TokenType } from '../../transform/index.ts'
import { keystoreDegraded } from '../metrics/index.ts'

const CONNECTION_BOUNDS = [0.1, 0.2, 0.5, 1, 10, 60, 3600, 86_400]
const PROCESSING_BOUNDS = [
  ...[0.000001, 0.00001, 0.00002, 0.00003, 0.00004, 0.00005, 0.00006, 0.00007, 0.00008, 0.00009],
  ...[0.0001, 0.0005, 0.001, 0.005, 0.01, 1, 3, 5, 10],
]
const CONNECTIONS = ['db', 'api'] as const
const STATUS = ['success', 'fail']
const ENVELOPES = ['acrastruct', 'acrablock', 'acrastruct_searchable', 'acrablock_searchable']
/** Why a worker has ended: by itself or by a signal, or because it did not answer any more. */
const ENDINGS = ['died', 'silent'] as const
const TOKEN_TYPES = ['Int32', 'Int64', 'String', 'Bytes', 'Email']
/** In the order of their labels. */
const tokenTypes: readonly TokenType[] = ['int32', 'int64', 'str', 'bytes', 'email']

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
  readonly #schemasLearned: readonly Counter[]
  readonly #structDecryptions: readonly Counter[]
  readonly #structEncryptions: readonly Counter[]
  readonly #decryptions: readonly Counter[]
  readonly #encryptions: readonly Counter[]
  readonly #tokenizations: readonly Counter[]
  readonly #detokenizations: readonly Counter[]
  readonly #workersEnded: readonly Counter[]

  constructor(product: Product) {
    const { registry } = this
    const connections = { connection_type: CONNECTIONS }
    const databases = { db: ['postgresql', 'mysql'] }
    const values = { status: STATUS, type: ENVELOPES }
    const tokens = { status: STATUS, token_type: TOKEN_TYPES }
    this.#connections = registry.counters(
      'acraserver_connections_total',
      'number of connections to database',
      connections,
    )
    this.#connectionSeconds = registry.histograms(
      'acraserver_connections_processing_seconds',
      'Time of connection processing',
      CONNECTION_BOUNDS,
      connections,
    )
    const processing = (name: string) =>
      registry.histograms(name, 'Time of response processing', PROCESSING_BOUNDS, databases)[0]!
    this.requests = processing('acraserver_request_processing_seconds')
    this.responses = processing('acraserver_response_processing_seconds')
    this.#structDecryptions = registry.counters(
      'acra_acrastruct_decryptions_total',
      'number of AcraStruct decryptions',
      { status: STATUS },
    )
    this.#structEncryptions = registry.counters(
      'acra_api_encryptions_total',
      'number of encryptions data to AcraStruct',
      { status: STATUS },
    )
    this.#decryptions = registry.counters(
      'acra_decryptions_total',
      'number of decryptions AcraStruct/AcraBlock',
      values,
    )
    this.#encryptions = registry.counters(
      'acra_encryptions_total',
      'number of encryptions AcraStruct/AcraBlock',
      values,
    )
    this.#tokenizations = registry.counters(
      'acra_tokenizations_total',
      'number of tokenizations for token_type',
      tokens,
    )
    this.#detokenizations = registry.counters(
      'acra_detokenizations_total',
      'number of detokenizations for token_type',
      tokens,
    )
    this.#workersEnded = registry.counters(
      'acraserver_workers_ended_total',
      'number of worker processes that ended and were replaced',
      { reason: ENDINGS },
    )
    this.keystoreDegraded = keystoreDegraded(registry, 'acraserver')
    this.#schemasLearned = registry.counters(
      'acraserver_schema_learnings_total',
      'number of times that the schema of a database was learned, or could not be',
      { status: STATUS },
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

  /** A value was opened, or none of the client's keys opens it. */
  decrypted(kind: EnvelopeKind, success: boolean): void {
    const status = success ? 0 : 1
    this.#decryptions[status * ENVELOPES.length + indexOf(kind)]!.add(1)
    if (kind === 'acrastruct') this.#structDecryptions[status]!.add(1)
  }

  /** A value was sealed, or could not be. */
  encrypted(kind: EnvelopeKind, success: boolean): void {
    const status = success ? 0 : 1
    this.#encryptions[status * ENVELOPES.length + indexOf(kind)]!.add(1)
    if (kind === 'acrastruct') this.#structEncryptions[status]!.add(1)
  }

  /** A value was given a token, or could not be. */
  tokenized(type: TokenType, success: boolean): void {
    this.#tokenizations[tokenIndex(type, success)]!.add(1)
  }

  /** A token was turned into its value, or was answered as it is. */
  detokenized(type: TokenType, success: boolean): void {
    this.#detokenizations[tokenIndex(type, success)]!.add(1)
  }
}

function tokenIndex(type: TokenType, success: boolean): number {
  return (success ? 0 : tokenTypes.length) + tokenTypes.indexOf(type)
}

function indexOf(kind: EnvelopeKind): number {
  return kind === 'acrastruct' ? 0 : 1
}
