import { type FieldValue, type Format, fieldText, type Product } from '../record.ts'
import { sortedFields } from './plaintext.ts'
import { localTime, unixTime } from './time.ts'

const OWN_NAMES: ReadonlySet<string> = new Set(['timestamp', 'msg', 'level'])

/**
 * One JSON object per line, keys in order (audit-log.md §3.2). A field may replace `product`,
 * `unixTime` and `version`.
 */
export function jsonFormat(product: Product): Format {
  return (record) => {
    const members = new Map<string, FieldValue>([
      ['product', product.name],
      ['unixTime', unixTime(record.time)],
      ['version', product.version],
    ])
    for (const [name, value] of sortedFields(record, OWN_NAMES)) members.set(name, value)
    members.set('level', record.level)
    members.set('msg', record.message)
    members.set('timestamp', localTime(record.time, record.zone))
    const printed = [...members]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${goString(name)}:${goJson(value)}`)
    return `{${printed.join(',')}}\n`
  }
}

/** A value as Go's encoding/json prints it. */
function goJson(value: FieldValue): string {
  if (typeof value === 'string') return goString(value)
  if (value instanceof Error) return goString(fieldText(value))
  if (Array.isArray(value)) return `[${value.map(goString).join(',')}]`
  if (typeof value === 'number')
    return Number.isFinite(value) ? number(value) : goString(`${value}`)
  return String(value)
}

function number(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

const SPECIAL = /["\\<>&\u2028\u2029\p{Surrogate}]|[^ -\u{10ffff}]/gu

/**
 * A string as Go's encoding/json (to 1.21) prints it: `<`, `>`, `&` escaped, `\u0008` and `\u000c`
 * in the long form.
 */
export function goString(text: string): string {
  return `"${text.replace(SPECIAL, escaped)}"`
}

function escaped(character: string): string {
  switch (character) {
    case '"':
    case '\\':
      return `\\${character}`
    case '\n':
      return '\\n'
    case '\r':
      return '\\r'
    case '\t':
      return '\\t'
  }
  const unit = character.charCodeAt(0)
  if (unit >= 0xd800 && unit <= 0xdfff) return '\ufffd'
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
