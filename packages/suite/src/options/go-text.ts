const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

const SPECIAL = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

/**
 * The text as Go's `%q` prints it: double quotes, escapes, printable Unicode as it is (audit-log.md
 * §3.1).
 */
export function goQuote(text: string): string {
  return `"${text.replace(SPECIAL, escaped)}"`
}

function escaped(character: string): string {
  const short = SHORT[character]
  if (short !== undefined) return short
  const rune = character.codePointAt(0) as number // A match is never empty.
  if (rune < 0x20 || rune === 0x7f) return `\\x${hex(rune, 2)}`
  if (rune >= 0xd800 && rune <= 0xdfff) return '\ufffd'
  return rune < 0x10000 ? `\\u${hex(rune, 4)}` : `\\U${hex(rune, 8)}`
}

function hex(rune: number, digits: number): string {
  return rune.toString(16).padStart(digits, '0')
}
