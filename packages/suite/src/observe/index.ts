/**
 * What a program tells about itself: the log, its formats and its event codes, and the options for
 * them. A logger is handed on by parameter; there is no log of the process. Never here: secrets,
 * keys, plaintext or SQL literals.
 */
export type { Event } from './event.ts'
export { events } from './events.ts'
export { cefFormat } from './formats/cef.ts'
export { jsonFormat } from './formats/json.ts'
export { colouredPlaintext, elapsedPlaintext, plaintext } from './formats/plaintext.ts'
export {
  type Clock,
  createLogger,
  type Logger,
  type Output,
} from './log.ts'
export { buildMetrics } from './metrics/build.ts'
export { maxOpenFiles, processMetrics } from './metrics/process.ts'
export { type Counter, type Histogram, Registry, type Snapshot } from './metrics/registry.ts'
export { METRICS_TYPE, metricsText } from './metrics/text.ts'
export { Totals } from './metrics/totals.ts'
export {
  auditLogOptions,
  loggingOptions,
  metricsOptions,
  toolAuditOptions,
  tracingOptions,
} from './options.ts'
export type {
  Fields,
  Format,
  Level,
  Product,
} from './record.ts'
export { DescriptorSink, FileSink, type Sink } from './sink.ts'
