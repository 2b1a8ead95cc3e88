import type { Event } from '../observe/index.ts'

/** What is known about the code of an error. */
export interface ErrorEntry {
  /** What happened, for docs/errors.md. */
  readonly meaning: string
  /** What to do, for docs/errors.md. */
  readonly remedy: string
  /** What the log reports where a program ends by it; a general error where there is none. */
  readonly event?: Event
}
