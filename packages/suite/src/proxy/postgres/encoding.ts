import type { Refusal } from '../../sql/index.ts'
import { settingProblem, shapeOf } from '../../sql/postgres/index.ts'
import type { ParameterStatus } from '../../wire/postgres/index.ts'
import type { TextEncoding } from './client-access.ts'

const BACKSLASH = 0x5c

/** Encodings of a client whose bytes are those that names are compared in. */
const UTF8 = new Set(['UTF8', 'UNICODE', 'SQL_ASCII'])

/**
 * How the database reads the text of this connection's statements, as it reports it itself. Statements that change that for the worse
 * are refused; what is left are defaults of a role, of a database or of the start-up packet.
 */
export class Encoding implements TextEncoding {
  #strings: Refusal | null = null
  #characters: Refusal | null = null
  #isNamesUtf8 = true
  #isUtf8 = true

  learn({ name, value }: ParameterStatus): void {
    if (name === 'standard_conforming_strings') this.#strings = problem(name, value)
    if (name !== 'client_encoding') return
    this.#isNamesUtf8 = UTF8.has(value)
    // SQL_ASCII stands for any bytes.
    this.#isUtf8 = this.#isNamesUtf8 && value !== 'SQL_ASCII'
    // A RESET or a ROLLBACK goes back to it, and the database tells so later than the client sends its next statement.
    this.#characters ??= problem(name, value)
  }

  /** True where texts of the client that are not UTF-8 are none to the database. */
  get isUtf8(): boolean {
    return this.#isUtf8
  }

  /** Why a text cannot be analysed as the database would read it; null where it can. */
  refusal(text: Buffer): Refusal | null {
    if (this.#strings !== null && text.includes(BACKSLASH)) return this.#strings
    if (this.#isNamesUtf8 && this.#characters === null) return null
    if (!text.some(isBeyondAscii)) return null
    if (this.#characters !== null) return this.#characters
    return Buffer.from(shapeOf(text).key, 'latin1').some(isBeyondAscii) ? names : null
  }
}

function isBeyondAscii(byte: number): boolean {
  return byte > 0x7f
}

function problem(name: string, value: string): Refusal | null {
  const reason = settingProblem(name, value)
  return reason === null ? null : { sqlState: '0A000', ...reason, column: null }
}

/** By chance the bytes of a name can be another name in UTF-8. */
const names: Refusal = {
  sqlState: '0A000',
  message:
    'the statement has characters beyond ASCII outside its literals, and the client_encoding is not UTF8, so names cannot be compared',
  hint: 'Use UTF8 as client_encoding.',
  column: null,
}
