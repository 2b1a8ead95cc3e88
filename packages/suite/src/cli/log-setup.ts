import {
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
} from '../observe/index.ts'
import { ConfigurationError, type OptionValues } from '../options/index.ts'
import type { Host } from './host.ts'

type LoggingValues = OptionValues<typeof loggingOptions>

/** The log of a service, and how to go on in a fresh log file after a rotation. */
export interface ServiceLog {
  /** At the level that the options ask for. */
  readonly log: Logger
  /** At level info, for the lines of the start. */
  readonly startLog: Logger
  readonly reopen: () => void
}

/**
 * Sets up the log of a service as its options ask (cli-tools.md §2.2, observability.md §1.1).
 *
 * @throws ConfigurationError where the log file cannot be opened.
 */
export function setUpServiceLog(options: LoggingValues, product: Product, host: Host): ServiceLog {
  const format = formatOf(options.logging_format, product)
  const file = options.log_to_file === '' ? null : openLogFile(options.log_to_file)
  const coloured = format === plaintext && file === null && colours(host)
  const outputs: Output[] = []
  if (options.log_to_console) {
    outputs.push({
      format: coloured ? colouredPlaintext : (format ?? plaintext),
      sink: host.stderr,
    })
  }
  if (file !== null) outputs.push({ format: format ?? plaintext, sink: file })
  const at = (level: Level) => createLogger({ level, outputs, clock: host.clock })
  const startLog = at('info')
  if (format === null) {
    startLog.warning('Unknown logging_format, using plaintext', {
      logging_format: options.logging_format,
    })
  }
  return { log: at(levelOf(options)), startLog, reopen: () => file?.reopen() }
}

/** The log of a tool, and of a service before its options are known: plain text on stderr at level info. */
export function toolLog(host: Host): Logger {
  const format = colours(host) ? elapsedPlaintext(host.clock()) : plaintext
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
    const { code } = cause as NodeJS.ErrnoException
    const text = `the log file ${path} cannot be opened (${code ?? 'unknown reason'})`
    throw new ConfigurationError([{ origin: null, text }], { cause })
  }
}
