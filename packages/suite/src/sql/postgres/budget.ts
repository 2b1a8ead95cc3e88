/** How much the plan of one text may take: work that grows faster than the text ends in a refusal, not in a process that hangs. */
import { AcraError } from '../../foundation/index.ts'

export interface BudgetLimits {
  /** Columns of the queries of a text of up to 64 KiB, counted once for each list that they stand in. */
  readonly columnsMax: number
  /** Steps of the analysis of such a text: an expression, a name that is looked for, a value that is followed. */
  readonly stepsMax: number
}

/** The text is too long, nested too deeply, takes too much work, or broke the parser: it may be valid, but it is not analysed. */
export class SqlLimitError extends AcraError {
  /** What to do. */
  readonly hint: string

  constructor(code: string, message: string, hint: string = SHORTER, options?: ErrorOptions) {
    super(code, message, options)
    this.hint = hint
  }
}

const SHORTER = 'Split the statement, or use parameters instead of long texts.'

/** Both limits hold for a text of this size, in bytes. One that is longer may take as many times more. */
const TEXT_SIZE = 65_536
/** But not more often than this. */
const TIMES_MAX = 16
const LOOKS_OF_STEP = 32

export class Budget {
  #columns: number
  #steps: number

  constructor({ columnsMax, stepsMax }: BudgetLimits, textSize: number) {
    const times = Math.min(TIMES_MAX, Math.max(1, textSize / TEXT_SIZE))
    this.#columns = columnsMax * times
    this.#steps = stepsMax * times
  }

  /** A list of columns is made. Throws SqlLimitError where that is one too many. */
  columns(count: number): void {
    this.#columns -= count
    if (this.#columns < 0)
      throw new SqlLimitError(
        'sql-too-wide',
        'the queries of the sql text have too many columns',
        'Select fewer columns, or fewer common tables from each other, or raise --statement_columns_max.',
      )
  }

  /** So many things are looked through, which takes far less than a step for each. */
  look(count: number): void {
    this.steps(count / LOOKS_OF_STEP)
  }

  /** The analysis takes a step, or several. Throws SqlLimitError where that is one too many. */
  steps(count = 1): void {
    this.#steps -= count
    if (this.#steps < 0)
      throw new SqlLimitError(
        'sql-too-laborious',
        'the sql text takes too many steps to analyse',
        'Split the statement, or write it with fewer subqueries in each other, or raise --statement_steps_max.',
      )
  }
}
