import type { KeyWrapper } from './master-key/key-wrapper.ts'
import type { Storage } from './storage/storage.ts'

/** What a layout works with. */
export interface Surroundings {
  readonly storage: Storage
  /** Null where only public keys are asked for. */
  readonly wrapper: KeyWrapper | null
  /** Takes a sentence about something odd that stops nothing. */
  readonly warn: (sentence: string) => void
  /** Nanoseconds since 1970. */
  readonly now: () => bigint
}
