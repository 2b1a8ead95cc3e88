import type { PoisonWatch } from '../../transform/index.ts'

/** Whose request it is. */
export interface Caller {
  /** Empty where nobody has said who it is. */
  readonly clientId: string
  /** Whose storage keys are used in the place of the client's; empty for none. */
  readonly zoneId: string
  /** Told of poison records; null where nobody looks for them. */
  readonly poison: PoisonWatch | null
}
