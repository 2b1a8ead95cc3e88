import type { Refusal } from '../../sql/index.ts'
import {
  hasUnquotedBeyondAscii,
  makesEscapes,
  settingProblem,
  shapeOf,
} from '../../sql/postgres/index.ts'
import type { ParameterStatus } from '../../wire/postgres/index.ts'
import { isReadAlike } from './backslashes.ts'
import type { TextEncoding } from './client-access.ts'

const UTF8 = new Set(['UTF8', 'UNICODE'])
/** It stands for any bytes, which nobody converts. */
const SQL_ASCII = 'SQL_ASCII'

/** Encodings of databases in which a character may be several bytes: there PostgreSQL folds no other letters of names than A to Z. */
const MULTIBYTE = new Set([
  'EUC_CN',
  'EUC_JIS_2004',
  'EUC_JP',
  'EUC_KR',
  'EUC_TW',
  'MULE_INTERNAL',
  'UTF8',
])
/** Values of LC_CTYPE by which no letter beyond ASCII has a case. */
const WITHOUT_CASE = new Set(['C', 'POSIX'])

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
  #client: string = 'UTF8'
  /** That of the database, which never changes; null until it is told. */
  #database: string | null = null

  learn({ name, value }: ParameterStatus): void {
    if (name === 'standard_conforming_strings') {
      this.#hasEscapes = makesEscapes(name, value)
      if (this.#hasEscapes) this.#mayHaveEscapes = true
    }
    if (name === 'server_encoding') this.#database = value
    if (name !== 'client_encoding') return
    this.#client = value
    // A RESET or a ROLLBACK goes back to it, and the database tells so later than the client sends its next statement.
    this.#characters ??= problem(name, value)
  }

  /** True where texts of the client that are not UTF-8 are none to the database. */
  get isUtf8(): boolean {
    return UTF8.has(this.#client)
  }

  /** How many characters the client counts in a text of its own; null where that is not known. */
  charactersIn(text: Buffer): number | null {
    if (this.isUtf8) return countOf(text, (byte) => (byte & 0xc0) !== 0x80)
    if (this.#client === 'MULE_INTERNAL') return null
    if (!this.#client.startsWith('EUC_')) return text.length
    let count = 0
    for (let at = 0; at < text.length; count++) at += sizeInEuc(text[at], this.#client)
    return count
  }

  /** A statement is sent that may make backslashes in strings escapes. */
  escapesMayFollow(): void {
    this.#mayHaveEscapes = true
  }

  /**
   * Why a text cannot be analysed as the database would read it; null where it can. `isSettled`: the database has answered all, and reported
   * its settings since. `ctype`: the LC_CTYPE of the database, null if it is not known.
   */
  refusal(text: Buffer, isSettled: boolean, ctype: string | null): Refusal | null {
    const mayHaveEscapes = isSettled ? this.#hasEscapes : this.#mayHaveEscapes
    if (mayHaveEscapes && !isReadAlike(text)) return escapes
    const folds = this.#mayFold(ctype)
    if (this.#areNamesUtf8 && this.#characters === null && !folds) return null
    if (!text.some(isBeyondAscii)) return null
    if (this.#characters !== null) return this.#characters
    const { key } = shapeOf(text)
    if (!this.#areNamesUtf8 && Buffer.from(key, 'latin1').some(isBeyondAscii)) return names
    return folds && hasUnquotedBeyondAscii(key) ? foldedNames : null
  }

  /** True where the bytes of names are those that they are compared in. */
  get #areNamesUtf8(): boolean {
    if (this.#client !== SQL_ASCII) return UTF8.has(this.#client)
    return this.#database === 'UTF8' || this.#database === SQL_ASCII
  }

  /** True where PRÉNOM may be prénom to the database. */
  #mayFold(ctype: string | null): boolean {
    const isMultibyte = this.#database !== null && MULTIBYTE.has(this.#database)
    return !isMultibyte && (ctype === null || !WITHOUT_CASE.has(ctype))
  }
}

/** How many bytes a character of an encoding of Extended Unix Code has, by its first: manual, "Character Set Support". */
function sizeInEuc(first: number, encoding: string): number {
  if (first === 0x8e) return encoding === 'EUC_TW' ? 4 : 2
  if (first === 0x8f) return 3
  return isBeyondAscii(first) ? 2 : 1
}

function countOf(text: Buffer, counts: (byte: number) => boolean): number {
  let count = 0
  for (const byte of text) if (counts(byte)) count++
  return count
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

const foldedNames: Refusal = {
  sqlState: '0A000',
  message:
    'the statement has a name with letters beyond ASCII that is not in quotes, and the database may fold their case by its LC_CTYPE',
  hint: 'Write the name in double quotes, as the database has it.',
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
