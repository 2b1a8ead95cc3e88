/**
 * How loud an event is. `fatal` and `panic` end nothing by themselves: only `cli` ends a program.
 */
export type Level = 'debug' | 'info' | 'warning' | 'error' | 'fatal' | 'panic'

/** From the quietest to the loudest. */
export const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error', 'fatal', 'panic']

/**
 * What a field holds. Bytes have no place in a log, and neither have secrets, keys, plaintext or
 * SQL literals.
 */
export type FieldValue = string | number | boolean | bigint | null | Error | readonly string[]

/**
 * Facts beside the message; a field that is `undefined` is left out. `error` takes whatever was
 * caught.
 */
export interface Fields {
  readonly error?: unknown
  readonly [name: string]: unknown
}

/** The program that speaks: its name and version. */
export interface Product {
  readonly name: string
  readonly version: string
}

/** One event, ready to be formatted. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly time: number
  /** Minutes by which the local time is ahead of UTC at that moment. */
  readonly zone: number
  readonly level: Level
  readonly message: string
  readonly fields: ReadonlyMap<string, FieldValue>
}

/** Turns an event into one line, its newline included. */
export type Format = (record: LogRecord) => string

/** Errors below errors that are still told. */
const CAUSES_MAX = 5

/** What a format prints of a field: errors as the text of their chain, lists as they are. */
export function fieldText(value: FieldValue): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return errorText(value)
  if (Array.isArray(value)) return `[${value.join(' ')}]`
  return value === null ? '<nil>' : String(value)
}

/** `cannot open the store: EACCES: permission denied`: the messages of an error and its causes. */
export function errorText(error: Error): string {
  const messages: string[] = []
  let current: unknown = error
  while (current instanceof Error && messages.length < CAUSES_MAX) {
    messages.push(current.message === '' ? current.name : current.message)
    current = current.cause
  }
  return messages.join(': ')
}

/** Whatever was caught or given, as something that a format can print. */
export function fieldValue(value: unknown): FieldValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return value
    default:
      if (value === null || value instanceof Error) return value
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
      return `(${typeof value})`
  }
}
