import { allWait, flag, int, text } from '../options/index.ts'

/** The log of a service (cli-tools.md §2.2). */
export const loggingOptions = {
  logging_format: text('plaintext', 'Format of the log: plaintext, json or CEF'),
  log_to_console: flag(true, 'Write the log to stderr'),
  log_to_file: text('', 'Append the log to this file too; created with mode 0600'),
  v: flag(false, 'Log information too, not only warnings and errors'),
  d: flag(false, 'Log everything, for debugging'),
} as const

/** The signed chain of log lines (audit-log.md §1), and its checkpoints, which are ours. */
export const auditLogOptions = {
  audit_log_enable: flag(
    false,
    'Sign the lines of the log as a chain, by the audit log key of the keystore; logins, key operations and changes of the configuration are logged at every level then',
  ),
  audit_log_checkpoint_file: text(
    '',
    'Append signed checkpoints of the audit log to this file, by which everybody can verify it; none when empty',
  ),
  audit_log_checkpoint_lines: int(
    10_000,
    'Lines of the audit log after which a checkpoint is made',
    {
      min: 1,
      max: 10_000_000,
    },
  ),
  audit_log_checkpoint_interval: int(
    60,
    'Seconds after which a checkpoint is made, if there are new lines; 0 for none before the end',
    { min: 0, max: 86_400 },
  ),
} as const

/** The audit log of a tool, which logs on stderr otherwise. */
export const toolAuditOptions = {
  ...auditLogOptions,
  logging_format: loggingOptions.logging_format,
  log_to_file: text('', 'Append the log to this file too, one of its own; created with mode 0600'),
} as const

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
