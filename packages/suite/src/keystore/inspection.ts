import { keyId } from './key-id.ts'
import type { KeyRef } from './key-ref.ts'
import type { KeyWrapper } from './master-key/key-wrapper.ts'
import type { Storage } from './storage/storage.ts'

/** What may be wrong with a key, or beside one. */
export type FindingKind =
  | 'permissions'
  | 'renamed'
  | 'other-kind'
  | 'overwritten'
  | 'other-master-key'
  | 'missing-public'
  | 'wrong-public'
  | 'missing-private'
  | 'missing-current'
  | 'old'
  | 'orphan'

/** One thing that is wrong. */
export interface Finding {
  readonly kind: FindingKind
  /** Whose key it is about; null where it is nobody's. */
  readonly ref: KeyRef | null
  /** The file, as an operator finds it. */
  readonly place: string
  /** What is wrong, as far as it can be told. */
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
}

/** What an inspection works with. */
export interface InspectionSettings {
  readonly storage: Storage
  readonly wrapper: KeyWrapper
  /** Tells the current version that is older than this, in milliseconds; null: any age will do. */
  readonly ageMax: number | null
  /** Milliseconds since 1970. */
  readonly now: number
  /** Called for every file that is done. */
  readonly advance: () => void
}

/** Looks at every file of a layout and changes nothing. Returns what is wrong and how many files open. */
export type Inspection = (settings: InspectionSettings) => Promise<InspectionResult>

export interface InspectionResult {
  readonly findings: readonly Finding[]
  /** Files with a key in them that open as they should. */
  readonly sound: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Whether a key is too old; the finding then. */
export function ageFinding(
  ref: KeyRef,
  place: string,
  madeAt: Date | null,
  { ageMax, now }: InspectionSettings,
): Finding[] {
  if (ageMax === null || madeAt === null) return []
  const age = now - madeAt.getTime()
  if (age <= ageMax) return []
  const message = `the key is ${Math.floor(age / DAY_MS)} days old, more than ${Math.floor(ageMax / DAY_MS)}`
  return [{ kind: 'old', ref, place, message, remedy: 'make a new version: acra-keys generate' }]
}

/** A sound key does not hide behind a remedy: what to do where a file was overwritten or is under another master key. */
export const remedies = {
  backup: 'restore it from a backup',
  name: 'give it back the name that it had',
  masterKey: 'set ACRA_MASTER_KEY to the master key that the key was made with',
  public: 'acra-keys recover-public',
} as const

/** A finding as a line: kind, key, place, what is wrong, what to do. */
export function findingText({ kind, ref, place, message, remedy }: Finding): string {
  const id = ref === null ? '' : `${keyId(ref)}: `
  return `${kind}: ${id}${place}: ${message}; ${remedy}`
}
