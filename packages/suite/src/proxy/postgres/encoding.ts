import type { Refusal } from '../../sql/index.ts'
import { settingProblem } from '../../sql/postgres/index.ts'
import type { ParameterStatus } from '../../wire/postgres/index.ts'

const BACKSLASH = 0x5c

/**
 * How the database reads the text of this connection's statements, as it reports it itself. Statements that change that for the worse
 * are refused; what is left are defaults of a role, of a database or of the start-up packet.
 */
export class Encoding {
  #strings: Refusal | null = null
  #characters: Refusal | null = null

  /** False where a backslash in an ordinary string is an escape. */
  get standardStrings(): boolean {
    return this.#strings === null
  }

  learn({ name, value }: ParameterStatus): void {
    if (name === 'standard_conforming_strings') this.#strings = problem(name, value)
    if (name === 'client_encoding') this.#characters = problem(name, value)
  }

  /** Why a text cannot be analysed as the database would read it; null where it can. */
  refusal(text: Buffer): Refusal | null {
    if (this.#strings !== null && text.includes(BACKSLASH)) return this.#strings
    if (this.#characters !== null && text.some((byte) => byte > 127)) return this.#characters
    return null
  }
}

function problem(name: string, value: string): Refusal | null {
  const reason = settingProblem(name, value)
  return reason === null ? null : { sqlState: '0A000', ...reason, column: null }
}
