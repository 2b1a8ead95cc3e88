/** A worker process of acra-server, started by `worker-process.ts`. Without its supervisor it ends at once. */
import type { Socket } from 'node:net'
import { DescriptorSink, events } from '../observe/index.ts'
import { type ToSupervisor, type ToWorker, Worker } from '../services/server/index.ts'
import { lineLog } from './log-setup.ts'
import { startScript } from './poison-script.ts'
import { systemClock } from './process.ts'
import { LOG_DESCRIPTOR, type WorkerSettings } from './worker-process.ts'

const { product, lines } = JSON.parse(process.argv[2] ?? '') as WorkerSettings
process.title = product.name
// A terminal, and whoever sends a signal to all processes of the name, means the supervisor.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const)
  process.on(signal, () => {})
process.on('disconnect', () => process.exit(1))

const log = lineLog(lines, product, new DescriptorSink(LOG_DESCRIPTOR), systemClock)
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

const worker = new Worker({ environment: process.env, log, product, startScript, send })
process.on('message', async (message, handle) => {
  const socket = (handle as Socket | undefined) ?? null
  if (await worker.take(message as ToWorker, socket)) process.exit(0)
})

/** Where nobody listens any more, `disconnect` ends us. */
function send(message: ToSupervisor): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => resolve())
  })
}

function fail(error: unknown): void {
  log.log('fatal', 'Unexpected error', { code: events.errorGeneral.code, error })
  if (error instanceof Error) log.debug('Where it happened', { stack: error.stack })
  process.exit(1)
}
