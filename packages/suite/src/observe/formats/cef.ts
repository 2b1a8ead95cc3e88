import { goQuote } from '../../options/index.ts'
import { type FieldValue, type Format, fieldText, type Level, type Product } from '../record.ts'
import { unixTime } from './time.ts'

/** Ours: the original's is `cossacklabs`. */
export const CEF_VENDOR = 'acra-ts'

const GENERAL_CODE = 100
const SEVERITY: Readonly<Record<Level, number>> = {
  debug: 0,
  info: 1,
  warning: 3,
  error: 6,
  fatal: 8,
  panic: 10,
}
const HEADER_NAMES: ReadonlySet<string> = new Set([
  'vendor',
  'product',
  'version',
  'code',
  'severity',
])
const BARE_NAME = /^[A-Za-z0-9\-._/@^+]+$/

/**
 * `CEF:0|acra-ts|program|version|code|message|severity|name=value name=value ` (audit-log.md §3.3).
 */
export function cefFormat(product: Product, vendor: string = CEF_VENDOR): Format {
  return (record) => {
    const head = [
      vendor,
      product.name,
      product.version,
      record.fields.get('code') ?? GENERAL_CODE,
      record.message,
      SEVERITY[record.level],
    ]
    const fields = new Map<string, FieldValue>([['unixTime', unixTime(record.time)]])
    for (const [name, value] of record.fields) {
      if (!HEADER_NAMES.has(name)) fields.set(name, value)
    }
    const extension = [...fields]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${cefName(name)}=${cefValue(fieldText(value))} `)
    return `CEF:0|${head.map((part) => cefValue(fieldText(part))).join('|')}|${extension.join('')}\n`
  }
}

function cefName(name: string): string {
  const escaped = escapeSpecial(name)
  return BARE_NAME.test(escaped) ? escaped : goQuote(escaped)
}

/**
 * A value or a piece of the header: trimmed, on one line (a carriage return is a break too: ours),
 * escaped; a space where nothing is left.
 */
function cefValue(value: string): string {
  const line = value.trim().replace(/[\n\r\t]/g, ' ')
  return line === '' ? ' ' : escapeSpecial(line)
}

function escapeSpecial(text: string): string {
  return text.replace(/[\\|=]/g, '\\$&')
}
