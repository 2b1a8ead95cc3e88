import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { formatAddress, listen, parseAddress } from '../../net/index.ts'
import {
  events,
  type Logger,
  METRICS_TYPE,
  metricsText,
  type Registry,
  type Snapshot,
} from '../../observe/index.ts'

/** How long a request, and its answer, may take (observability.md §2). */
const PATIENCE_MS = 60_000
/** Connections at once: a few scrapers need one each. */
const CONNECTIONS_MAX = 64

export interface MetricsEndpoint {
  close(): void
}

export interface MetricsSource {
  readonly registry: Registry
  /** What all processes have counted up to now. */
  collect(): Promise<Snapshot>
}

/**
 * Serves `GET /metrics` by plain HTTP at `address` (`tcp://host:port` or `unix:///path`); any other path is 404. Nothing
 * is served, and the answer is null, where the address is empty.
 *
 * @throws ListenError where the address cannot be used.
 */
export async function serveMetrics(
  address: string,
  source: MetricsSource,
  log: Logger,
): Promise<MetricsEndpoint | null> {
  if (address === '') return null
  const server = createServer({ requestTimeout: PATIENCE_MS, keepAliveTimeout: PATIENCE_MS })
  server.maxConnections = CONNECTIONS_MAX
  server.timeout = PATIENCE_MS
  server.on('request', (request, response) => {
    answer(request, response, source).catch((error: unknown) => {
      log.event(events.metricsFailed, { error })
      response.destroy()
    })
  })
  const listener = await listen(parseAddress(address), {
    server,
    onConnection: () => {},
    onError: (error) => log.event(events.cannotAccept, { error }),
  })
  const at = formatAddress(listener.address)
  log.info(`Metrics are at ${at}`, { metrics_string: at })
  return {
    close() {
      void listener.close()
      server.closeAllConnections()
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, collect }: MetricsSource,
): Promise<void> {
  const path = request.url?.split('?')[0]
  if (path !== '/metrics') return end(response, 404, 'text/plain', 'the metrics are at /metrics\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return end(response, 405, 'text/plain', 'only GET and HEAD\n')
  }
  end(response, 200, METRICS_TYPE, metricsText(registry.families, await collect()))
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
