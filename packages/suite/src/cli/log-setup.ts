import { AcraError } from '../foundation/index.ts'
import { type AuditFormat, AuditTrail } from '../observe/audit/index.ts'
import {
  type auditLogOptions,
  type Clock,
  cefFormat,
  colouredPlaintext,
  createLogger,
  elapsedPlaintext,
  FileSink,
  type Format,
  jsonFormat,
  type Level,
  type Logger,
  type loggingOptions,
  type Output,
  type Product,
  plaintext,
  type Sink,
} from '../observe/index.ts'
import type { GivenValues, OptionValues } from '../options/index.ts'
import type { Host } from './host.ts'

type LoggingValues = OptionValues<typeof loggingOptions> &
  Partial<OptionValues<typeof auditLogOptions>>

/** The log file cannot be written to. */
export class LogFileError extends AcraError {
  constructor(path: string, cause: unknown) {
    super('log-file-unusable', `the log file ${path} cannot be opened`, { cause })
  }
}

/** The log of a service, and how to go on in a fresh log file after a rotation. */
export interface ServiceLog {
  /** At the level that the options ask for. */
  readonly log: Logger
  /** At level info whatever the options say, for the lines of the start. */
  readonly start: Logger
  readonly reopen: () => void
  /** Puts what was written on disk. */
  readonly sync: () => void
  /** How other processes of the service write lines that belong into this log. */
  readonly lines: LogLines
  /** What signs the lines, where the options ask for an audit log: not before it has its key. */
  readonly audit: AuditTrail | null
  readonly format: AuditFormat
}

/** The log of a service for lines that are formatted elsewhere. */
export interface LogLines {
  readonly settings: LineSettings
  /** Appends a line, its newline included, to every output. */
  write(line: string): void
}

/** What a process must know to format lines for the log of another one. */
export interface LineSettings {
  readonly level: Level
  readonly format: AuditFormat | 'coloured'
  /** Whether events of the audit log are written whatever the level. */
  readonly audits?: boolean
}

/** The log of a process whose lines are written by another one: they go to `sink`. */
export function lineLog(
  { level, format, audits = false }: LineSettings,
  product: Product,
  sink: Sink,
  clock: Clock,
): Logger {
  const formats = {
    plaintext,
    coloured: colouredPlaintext,
    json: jsonFormat(product),
    cef: cefFormat(product),
  }
  return createLogger({ level, outputs: [{ format: formats[format], sink }], clock, audits })
}

/**
 * Sets up the log of a service as its options ask (cli-tools.md §2.2, observability.md §1.1).
 *
 * @throws LogFileError where the log file cannot be opened.
 */
export function setUpServiceLog(options: LoggingValues, product: Product, host: Host): ServiceLog {
  const format = formatOf(options.logging_format, product)
  const file = options.log_to_file === '' ? null : openLogFile(options.log_to_file)
  const audits = options.audit_log_enable === true
  const audit = audits ? new AuditTrail() : null
  const lineFormat = nameOf(format, options)
  const through = (sink: Sink, isCovered: boolean) =>
    audit === null ? sink : audit.wrap(sink, lineFormat, isCovered)
  const coloured = format === plaintext && file === null && !audits && colours(host)
  const outputs: Output[] = []
  if (options.log_to_console) {
    outputs.push({
      format: coloured ? colouredPlaintext : (format ?? plaintext),
      sink: through(host.stderr, file === null),
    })
  }
  if (file !== null) outputs.push({ format: format ?? plaintext, sink: through(file, true) })
  const at = (level: Level) => createLogger({ level, outputs, clock: host.clock, audits })
  const start = at('info')
  if (format === null) {
    start.warning('Unknown logging_format, using plaintext', {
      logging_format: options.logging_format,
    })
  }
  const level = levelOf(options)
  const log = at(level)
  const settings = { level, format: coloured ? ('coloured' as const) : lineFormat, audits }
  const lines = linesOf(outputs, settings, log)
  return {
    log,
    start,
    reopen() {
      file?.reopen()
      audit?.reopen()
    },
    sync: () => file?.sync(),
    lines,
    audit,
    format: lineFormat,
  }
}

/** The log of a tool that keeps an audit log: at level info, on stderr and in a file. */
export function setUpToolLog(
  options: Omit<LoggingValues, 'log_to_console' | 'v' | 'd'>,
  product: Product,
  host: Host,
): ServiceLog {
  return setUpServiceLog({ ...options, log_to_console: true, v: true, d: false }, product, host)
}

/** Lines that cannot be written are counted, and told by `log` when it is possible again. */
function linesOf(outputs: readonly Output[], settings: LineSettings, log: Logger): LogLines {
  let lost = 0
  return {
    settings,
    write(line) {
      const before = lost
      for (const { sink } of outputs) {
        try {
          sink.write(line)
        } catch {
          lost++
        }
      }
      if (lost === 0 || lost > before) return
      lost = 0
      log.warning('Log lines of workers could not be written and are lost', { lost: before })
    },
  }
}

function nameOf(format: Format | null, { logging_format }: LoggingValues): AuditFormat {
  const name = format === null ? 'plaintext' : logging_format.toLowerCase()
  return name === 'json' || name === 'cef' ? name : 'plaintext'
}

/**
 * The log of a service until its options are known: on stderr, in the format that the command line
 * asks for.
 */
export function startLog(given: GivenValues, product: Product, host: Host): Logger {
  const asked = given.get('logging_format')?.value
  const format = typeof asked === 'string' ? formatOf(asked, product) : null
  const coloured = (format ?? plaintext) === plaintext && colours(host)
  return createLogger({
    level: 'info',
    outputs: [{ format: coloured ? colouredPlaintext : (format ?? plaintext), sink: host.stderr }],
    clock: host.clock,
  })
}

/** The log of a tool, on stderr at level info: plain text, or in the format that its options name. */
export function toolLog(host: Host, name = 'plaintext', product: Product | null = null): Logger {
  const asked = product === null ? plaintext : (formatOf(name, product) ?? plaintext)
  const isPlain = asked === plaintext
  const format = isPlain && colours(host) ? elapsedPlaintext(host.clock.now()) : asked
  return createLogger({
    level: 'info',
    outputs: [{ format, sink: host.stderr }],
    clock: host.clock,
  })
}

/** What a service says about the level that its options ask for. */
export function levelMessage(options: LoggingValues): string {
  if (options.d) return 'Enabling DEBUG log level'
  return options.v ? 'Enabling VERBOSE log level' : 'Disabling future logs... Set -v -d to see logs'
}

function levelOf(options: LoggingValues): Level {
  if (options.d) return 'debug'
  return options.v ? 'info' : 'warning'
}

/** Null where the name is not known. */
function formatOf(name: string, product: Product): Format | null {
  switch (name.toLowerCase()) {
    case 'plaintext':
      return plaintext
    case 'json':
      return jsonFormat(product)
    case 'cef':
      return cefFormat(product)
    default:
      return null
  }
}

function colours(host: Host): boolean {
  return host.terminal && (host.environment.NO_COLOR ?? '') === ''
}

function openLogFile(path: string): FileSink {
  try {
    return new FileSink(path)
  } catch (cause) {
    throw new LogFileError(path, cause)
  }
}
