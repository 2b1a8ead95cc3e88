import { skipBlank } from './lex.ts'

const DOUBLE_QUOTE = 0x22
const QUOTE = 0x27

/** True where a text has letters beyond ASCII in a name without quotes, by the key of its shape. */
export function hasUnquotedBeyondAscii(key: string): boolean {
  if (!/[\x80-\xff]/.test(key)) return false
  const text = Buffer.from(key, 'latin1')
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    const byte = text[at]
    if (byte > 0x7f) return true
    if (byte === DOUBLE_QUOTE || byte === QUOTE) {
      const end = text.indexOf(byte, at + 1)
      if (end === -1) return true
      at = end
    }
    at++
  }
  return false
}
