import type { Level } from './record.ts'

/**
 * An event with a number that operators and SIEM rules go by. Numbers below 2000 are the original's
 * (audit-log.md §4), ours begin at 2000; a number never changes its meaning.
 */
export interface Event {
  readonly code: number
  readonly level: Level
  /** Logged at every level where there is an audit log: who came, and what was changed. */
  readonly isAudited?: true
  /** What the line says where the caller has nothing better. */
  readonly message: string
  /** For the documentation: what happened. */
  readonly meaning: string
  /** For the documentation: what to do about it. */
  readonly remedy: string
}
