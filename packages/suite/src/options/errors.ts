import { AcraError } from '../foundation/index.ts'

/**
 * The command line breaks Go's flag rules. The message is Go's own text; `hint` says what to do.
 */
export class UsageError extends AcraError {
  readonly hint: string | null

  constructor(message: string, hint: string | null = null) {
    super('usage-invalid', message)
    this.hint = hint
  }
}

/**
 * One thing that is wrong with the settings, and its file, line and column; null where the text
 * itself names the flag.
 */
export interface Problem {
  readonly origin: string | null
  readonly text: string
}

/**
 * The configuration cannot be used. `problems` are all that were found; the message is the first of
 * them.
 */
export class ConfigurationError extends AcraError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly [Problem, ...Problem[]], options?: ErrorOptions) {
    super('configuration-invalid', problemText(problems[0]), options)
    this.problems = problems
  }
}

/** `configs/acra-server.yaml:3:1: what is wrong`. */
export function problemText(problem: Problem): string {
  return problem.origin === null ? problem.text : `${problem.origin}: ${problem.text}`
}
