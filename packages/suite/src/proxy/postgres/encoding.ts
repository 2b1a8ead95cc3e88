import type { Refusal } from '../../sql/index.ts'
import { makesEscapes, settingProblem, shapeOf } from '../../sql/postgres/index.ts'
import type { ParameterStatus } from '../../wire/postgres/index.ts'
import { isReadAlike } from './backslashes.ts'
import type { TextEncoding } from './client-access.ts'

/** Encodings of a client whose bytes are those that names are compared in. */
const UTF8 = new Set(['UTF8', 'UNICODE', 'SQL_ASCII'])

/**
 * How the database reads the text of this connection's statements, as it reports it itself. Statements that change that for the worse
 * are refused; what is left are defaults of a role, of a database or of the start-up packet.
 */
export class Encoding implements TextEncoding {
  /** Backslashes in strings are escapes, as the database has said last. */
  #hasEscapes = false
  /** They have been, or a statement was sent that may make them so: a RESET or a ROLLBACK can do it again. */
  #mayHaveEscapes = false
  #characters: Refusal | null = null
  #isNamesUtf8 = true
  #isUtf8 = true

  learn({ name, value }: ParameterStatus): void {
    if (name === 'standard_conforming_strings') {
      this.#hasEscapes = makesEscapes(name, value)
      if (this.#hasEscapes) this.#mayHaveEscapes = true
    }
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

  /** A statement is sent that may make backslashes in strings escapes. */
  escapesMayFollow(): void {
    this.#mayHaveEscapes = true
  }

  /**
   * Why a text cannot be analysed as the database would read it; null where it can. `isSettled`: the database has answered all, and reported
   * its settings since.
   */
  refusal(text: Buffer, isSettled: boolean): Refusal | null {
    const mayHaveEscapes = isSettled ? this.#hasEscapes : this.#mayHaveEscapes
    if (mayHaveEscapes && !isReadAlike(text)) return escapes
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

const escapes: Refusal = {
  sqlState: '0A000',
  message:
    'the statement has a string with a backslash, which may be an escape: standard_conforming_strings is off, or was, and what was sent before is not answered yet',
  hint: "Set standard_conforming_strings to on, and write strings with backslash escapes as E'...'.",
  column: null,
}

/** By chance the bytes of a name can be another name in UTF-8. */
const names: Refusal = {
  sqlState: '0A000',
  message:
    'the statement has characters beyond ASCII outside its literals, and the client_encoding is not UTF8, so names cannot be compared',
  hint: 'Use UTF8 as client_encoding.',
  column: null,
}
