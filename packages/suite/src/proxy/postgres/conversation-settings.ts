import type { Refusal } from '../../sql/index.ts'
import type { ColumnTable } from '../columns.ts'
import type { LearnedSchema } from './learned-schema.ts'
import type { Planner } from './planner.ts'

/** What a conversation tells of itself: the composition root logs and counts it. */
export interface ConversationObserver {
  refused(refusal: Refusal): void
  passedUnprotected(refusal: Refusal): void
}

/** What all conversations of one configuration share. */
export interface ConversationSettings {
  readonly planner: Planner
  /** Absent where the configuration alone says what tables there are. */
  readonly schema?: LearnedSchema
  readonly columns: ColumnTable
  /** Look for envelopes in columns that the configuration does not name. */
  readonly decryptsUnconfigured: boolean
  /** Look for poison records in every column. */
  readonly detectsPoison: boolean
  /** A larger message cannot be looked at, in bytes. */
  readonly heldSizeMax: number
}
