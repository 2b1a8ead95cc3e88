import { goQuote } from '../../options/index.ts'
import { type FieldValue, type Format, fieldText, type Level, type LogRecord } from '../record.ts'
import { localTime } from './time.ts'

const BARE = /^[A-Za-z0-9\-._/@^+]+$/
const OWN_NAMES: ReadonlySet<string> = new Set(['time', 'level', 'msg'])

/** `time="..." level=info msg="..." name=value` (audit-log.md §3.1). */
export const plaintext: Format = (record) => {
  const message = record.message === '' ? '' : ` msg=${plainValue(record.message)}`
  const fields = sortedFields(record, OWN_NAMES)
    .map(([name, value]) => ` ${plainValue(name)}=${plainValue(fieldText(value))}`)
    .join('')
  return `time=${plainValue(localTime(record.time, record.zone))} level=${record.level}${message}${fields}\n`
}

/**
 * A value as it stands in a plaintext line: bare where every character allows it, otherwise quoted
 * as in Go.
 */
export function plainValue(value: string): string {
  return BARE.test(value) ? value : goQuote(value)
}

/**
 * The fields by name, in byte order; one that is called like a part of the line itself becomes
 * `fields.NAME`.
 */
export function sortedFields(
  record: LogRecord,
  taken: ReadonlySet<string>,
): (readonly [string, FieldValue])[] {
  return [...record.fields]
    .map(([name, value]) => [taken.has(name) ? `fields.${name}` : name, value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

const COLOURS: Readonly<Record<Level, number>> = {
  debug: 37,
  info: 36,
  warning: 33,
  error: 31,
  fatal: 31,
  panic: 31,
}

const MESSAGE_WIDTH = 44

/**
 * The form for people at a terminal: a coloured level of four letters, the time, the message, the
 * fields (observability.md §1.2).
 */
export const colouredPlaintext: Format = (record) =>
  coloured(record, localTime(record.time, record.zone))

/**
 * The form of tools at a terminal: seconds since `start` (milliseconds) in the place of the time.
 */
export function elapsedPlaintext(start: number): Format {
  return (record) => {
    const seconds = Math.max(0, Math.floor((record.time - start) / 1000))
    return coloured(record, String(seconds).padStart(4, '0'))
  }
}

function coloured(record: LogRecord, time: string): string {
  const paint = (text: string): string => `\x1b[${COLOURS[record.level]}m${text}\x1b[0m`
  const level = paint(record.level.slice(0, 4).toUpperCase())
  const fields = sortedFields(record, OWN_NAMES)
    .map(([name, value]) => ` ${paint(plainValue(name))}=${plainValue(fieldText(value))}`)
    .join('')
  return `${level}[${time}] ${printable(record.message).padEnd(MESSAGE_WIDTH)}${fields}\n`
}

/** The message without what would move the cursor or colour the rest. */
function printable(message: string): string {
  return message.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, ' ')
}
