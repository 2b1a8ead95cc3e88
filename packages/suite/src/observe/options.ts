import { allWait, flag, text } from '../options/index.ts'

/** The log of a service (cli-tools.md §2.2). */
export const loggingOptions = {
  logging_format: text('plaintext', 'Format of the log: plaintext, json or CEF'),
  log_to_console: flag(true, 'Write the log to stderr'),
  log_to_file: text('', 'Append the log to this file too; created with mode 0600'),
  v: flag(false, 'Log information too, not only warnings and errors'),
  d: flag(false, 'Log everything, for debugging'),
} as const

/** The signed chain of log lines. */
export const auditLogOptions = allWait('the audit log', {
  audit_log_enable: flag(false, 'Sign the lines of the log as a chain'),
} as const)

/** Prometheus metrics (observability.md §2). */
export const metricsOptions = {
  incoming_connection_prometheus_metrics_string: text(
    '',
    'Address to serve Prometheus metrics on, tcp://host:port; none when empty',
  ),
} as const

/** Traces (observability.md §3). */
export const tracingOptions = allWait('tracing', {
  tracing_log_enable: flag(false, 'Write traces to the log'),
  tracing_jaeger_enable: flag(false, 'Send traces to Jaeger'),
  jaeger_agent_endpoint: text('', 'host:port of the Jaeger agent'),
  jaeger_collector_endpoint: text('', 'URL of the Jaeger collector'),
  jaeger_basic_auth_username: text('', 'User name for the Jaeger collector'),
  jaeger_basic_auth_password: text('', 'Password for the Jaeger collector', { secret: true }),
} as const)
