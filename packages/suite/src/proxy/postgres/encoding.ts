import type { Refusal } from '../../sql/index.ts'
import type { ParameterStatus } from '../../wire/postgres/index.ts'

const BACKSLASH = 0x5c

/**
 * Encodings in which a byte below 128 can be part of a longer character: the database would see quotes and backslashes where
 * the lexer sees none, or the reverse. Only clients can use them (manual, "Character Set Support").
 */
const unsafeEncodings = new Set([
  'BIG5',
  'GBK',
  'GB18030',
  'JOHAB',
  'SJIS',
  'SHIFT_JIS_2004',
  'UHC',
])

/** How the database reads the text of this connection's statements, as it reports it itself. */
export class Encoding {
  /** False where a backslash in an ordinary string is an escape (`standard_conforming_strings = off`). */
  standardStrings = true
  #clientEncoding = 'UTF8'

  learn({ name, value }: ParameterStatus): void {
    if (name === 'standard_conforming_strings') this.standardStrings = value !== 'off'
    if (name === 'client_encoding') this.#clientEncoding = value.toUpperCase()
  }

  /** Why a text cannot be analysed as the database would read it; null where it can. */
  refusal(text: Buffer): Refusal | null {
    if (!this.standardStrings && text.includes(BACKSLASH)) return oldStrings
    if (unsafeEncodings.has(this.#clientEncoding) && text.some((byte) => byte > 127)) {
      return unsafeEncoding
    }
    return null
  }
}

const oldStrings: Refusal = {
  sqlState: '0A000',
  message: 'backslash in a statement while standard_conforming_strings is off',
  hint: 'Set standard_conforming_strings to on, or send the value as a parameter.',
  column: null,
}

const unsafeEncoding: Refusal = {
  sqlState: '0A000',
  message: 'characters beyond ASCII in a client encoding whose characters may contain quotes',
  hint: "Set client_encoding to 'UTF8', or send the value as a parameter.",
  column: null,
}
