import type { Event } from './event.ts'
import {
  type Fields,
  type FieldValue,
  type Format,
  fieldValue,
  LEVELS,
  type Level,
} from './record.ts'
import type { Sink } from './sink.ts'

/**
 * Says what happens. Handed on by parameter; never throws, never waits for anybody. Lines are
 * written at once, so that nothing is lost when a program ends: say nothing per statement at `info`
 * or above on the usual path.
 */
export interface Logger {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warning(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /**
   * An event of the table: at its level, with its `code`; `message` replaces the table's where it
   * says more.
   */
  event(event: Event, fields?: Fields, message?: string): void
  /** An event that is written where there is an audit log, and nowhere else: what a tool has done and tells its user otherwise. */
  audit(event: Event, fields?: Fields): void
  log(level: Level, message: string, fields?: Fields): void
  /** Whether a line of this level would be written; to spare the making of its fields. */
  enabled(level: Level): boolean
  /** A logger whose every line carries these fields too. */
  with(fields: Fields): Logger
}

/** What a logger needs from outside. */
export interface LoggerSettings {
  /** The quietest level that is still written. */
  readonly level: Level
  readonly outputs: readonly Output[]
  /** Whether events of the audit log are written whatever the level; false where it is absent. */
  readonly audits?: boolean
  readonly clock: Clock
}

/** The time of day. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Minutes by which the local time is ahead of UTC at `time`. */
  zone(time: number): number
}

/** A sink and the form of the lines in it. */
export interface Output {
  readonly format: Format
  readonly sink: Sink
}

/** The logger of a program. */
export function createLogger(settings: LoggerSettings): Logger {
  return new BoundLogger(new Writer(settings), new Map())
}

class BoundLogger implements Logger {
  readonly #writer: Writer
  readonly #bound: ReadonlyMap<string, FieldValue>

  constructor(writer: Writer, bound: ReadonlyMap<string, FieldValue>) {
    this.#writer = writer
    this.#bound = bound
  }

  debug(message: string, fields?: Fields): void {
    this.log('debug', message, fields)
  }

  info(message: string, fields?: Fields): void {
    this.log('info', message, fields)
  }

  warning(message: string, fields?: Fields): void {
    this.log('warning', message, fields)
  }

  error(message: string, fields?: Fields): void {
    this.log('error', message, fields)
  }

  event(event: Event, fields: Fields = {}, message: string = event.message): void {
    const isAudited = event.isAudited === true && this.#writer.audits
    if (!isAudited && !this.enabled(event.level)) return
    const all = merged(this.#bound, { ...fields, code: event.code })
    this.#writer.write(event.level, message, all)
  }

  audit(event: Event, fields: Fields = {}): void {
    if (!this.#writer.audits) return
    const all = merged(this.#bound, { ...fields, code: event.code })
    this.#writer.write(event.level, event.message, all)
  }

  log(level: Level, message: string, fields?: Fields): void {
    if (!this.enabled(level)) return
    this.#writer.write(level, message, merged(this.#bound, fields))
  }

  enabled(level: Level): boolean {
    return this.#writer.enabled(level)
  }

  with(fields: Fields): Logger {
    return new BoundLogger(this.#writer, merged(this.#bound, fields))
  }
}

function merged(
  bound: ReadonlyMap<string, FieldValue>,
  fields: Fields | undefined,
): ReadonlyMap<string, FieldValue> {
  if (fields === undefined) return bound
  const all = new Map(bound)
  try {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) all.set(name, fieldValue(value))
    }
  } catch {
    all.set('fields_lost', true)
  }
  return all
}

const LOST = 'Log lines could not be written and are lost'

/** Formats and writes; counts what could not be written and says so when it can. */
class Writer {
  readonly #settings: LoggerSettings
  readonly #threshold: number
  #lost = 0

  constructor(settings: LoggerSettings) {
    this.#settings = settings
    this.#threshold = LEVELS.indexOf(settings.level)
  }

  get audits(): boolean {
    return this.#settings.audits === true && this.#settings.outputs.length > 0
  }

  enabled(level: Level): boolean {
    return this.#settings.outputs.length > 0 && LEVELS.indexOf(level) >= this.#threshold
  }

  write(level: Level, message: string, fields: ReadonlyMap<string, FieldValue>): void {
    const { clock, outputs } = this.#settings
    const time = clock.now()
    const zone = clock.zone(time)
    for (const { format, sink } of outputs) {
      try {
        if (this.#lost > 0) {
          sink.write(format({ time, zone, level: 'warning', message: LOST, fields: this.#loss() }))
          this.#lost = 0
        }
        sink.write(format({ time, zone, level, message, fields }))
      } catch {
        this.#lost++
      }
    }
  }

  #loss(): ReadonlyMap<string, FieldValue> {
    return new Map([['lost', this.#lost]])
  }
}
