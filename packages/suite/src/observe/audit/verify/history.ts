import { AcraError } from '../../../foundation/index.ts'
import { type Checkpoint, CheckpointError, decodeCheckpoint, splitNotes } from '../checkpoint.ts'
import { type NoteVerifier, parseNote } from '../signed-note.ts'
import type { Report } from './finding.ts'

/** A checkpoint, and the note that it came in. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly note: string
}

/** A note that is not what it should be. */
export class NoteError extends AcraError<'audit-checkpoint-not-genuine'> {
  constructor(message: string) {
    super('audit-checkpoint-not-genuine', message)
  }
}

/** The checkpoint in a note that one of the keys has signed. Throws NoteError, CheckpointError. */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[]): Checkpoint {
  const parsed = parseNote(note)
  if (parsed === null) throw new NoteError('it is no signed note')
  if (!verifiers.some((verifier) => verifier.verifies(parsed)))
    throw new NoteError('it is not signed by this key')
  return decodeCheckpoint(parsed.text)
}

/** The checkpoints of a file that are genuine and follow each other; what does not is reported. */
export function readHistory(
  text: string,
  file: string,
  verifiers: readonly NoteVerifier[],
  report: Report,
): SignedCheckpoint[] {
  const history: SignedCheckpoint[] = []
  let line = 1
  for (const note of splitNotes(text)) {
    const place = { file, line }
    line += note.split('\n').length - 1
    const error = (message: string) =>
      report({ severity: 'error', kind: 'checkpoint', place, message })
    try {
      const checkpoint = openCheckpoint(note, verifiers)
      const last = history.at(-1)?.checkpoint
      const fault = last === undefined ? null : faultBetween(last, checkpoint)
      if (fault !== null) error(`this checkpoint ${fault}`)
      if (last === undefined || !isSame(last, checkpoint)) history.push({ checkpoint, note })
    } catch (caught) {
      if (!(caught instanceof NoteError) && !(caught instanceof CheckpointError)) throw caught
      error(`this checkpoint is not genuine: ${caught.message}`)
    }
  }
  return history
}

/** What is wrong with two checkpoints that follow each other; null where nothing is. */
function faultBetween(last: Checkpoint, next: Checkpoint): string | null {
  if (isSame(last, next)) return null
  if (last.origin !== next.origin)
    return next.from === 0 ? null : 'is of another history, and not the first of it'
  if (next.from > last.size) return `does not follow: ${next.from - last.size} lines have none`
  if (next.from < last.size) return 'contradicts the one before: there are two histories'
  return null
}

function isSame(a: Checkpoint, b: Checkpoint): boolean {
  return a.origin === b.origin && a.size === b.size && a.root.equals(b.root)
}
