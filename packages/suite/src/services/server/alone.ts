import type { Environment } from '../../keystore/index.ts'
import { formatAddress, listen } from '../../net/index.ts'
import type { Logger, Product } from '../../observe/index.ts'
import { serveMetrics } from '../metrics/index.ts'
import { ConnectionCount, connectionLimits } from './admission.ts'
import { logAdvice } from './advice.ts'
import { acceptErrorLog, listenAddress, listenForApi, warnOfFixed } from './listening.ts'
import { ServerMetrics } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import { Server } from './server.ts'

/** What a service is started with, besides its options. */
export interface ServiceContext {
  readonly environment: Environment
  readonly log: Logger
  readonly product: Product
  /** Starts a program without waiting for it. False where it cannot be started. */
  startScript(path: string): boolean
}

/** An acra-server that listens. */
export interface Service {
  /** Where it listens, as `--incoming_connection_string` would say it. */
  readonly address: string
  /** New connections get the new options and keys. Rejects, and changes nothing, where they cannot be used. */
  reload(options: ServerOptions): Promise<void>
  /** Resolves where the process has to end at once, with exit code 1; the log says why. */
  readonly failed: Promise<void>
  /** Accepts no more, lets running statements finish within their time, and ends. */
  stop(): Promise<void>
}

/** acra-server as this one process. Throws where anything is wrong: the process has to end then. */
export async function startAlone(
  options: ServerOptions,
  { environment, log, product, startScript }: ServiceContext,
): Promise<Service> {
  const metrics = new ServerMetrics(product)
  const admission = new ConnectionCount(connectionLimits(options))
  let sessions = 0
  const nextSession = () => ++sessions
  let shutDown = () => {}
  const failed = new Promise<void>((resolve) => {
    shutDown = resolve
  })
  const server = await Server.open(options, {
    environment,
    log,
    metrics,
    admission,
    nextSession,
    reactions: { startScript, shutDown },
  })
  const listener = await listen(listenAddress(options), {
    onConnection: (socket) => server.serve(socket),
    onError: acceptErrorLog(log),
    pauseOnConnect: true,
  })
  const apiListener = await listenForApi(options, log, (socket) => server.serveApi(socket))
  const source = { registry: metrics.registry, collect: async () => metrics.registry.snapshot() }
  const metricsAddress = options.incoming_connection_prometheus_metrics_string
  const endpoint = await serveMetrics(metricsAddress, source, log)
  logAdvice(options, listener.address, server.protectsColumns, log)
  let current = options
  return {
    address: formatAddress(listener.address),
    failed,
    async reload(next) {
      await server.reload(next)
      warnOfFixed(current, next, log)
      admission.limits = connectionLimits(next)
      current = next
    },
    async stop() {
      void listener.close()
      void apiListener?.close()
      await server.stop()
      endpoint?.close()
    },
  }
}
