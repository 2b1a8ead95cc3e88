import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { AcraError } from '../../foundation/index.ts'
import { type Checkpoint, CheckpointError, decodeCheckpoint, splitNotes } from './checkpoint.ts'
import { type NoteVerifier, parseNote } from './signed-note.ts'

/** A file of checkpoints that cannot be gone on with. */
export class CheckpointFileError extends AcraError<'audit-checkpoints-unusable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('audit-checkpoints-unusable', message, options)
  }
}

/** More than a note and what a crash may have left of another one. */
const TAIL_SIZE = 64 * 1024

/** The file that checkpoints are appended to, of mode 0600. */
export class CheckpointFile {
  readonly #path: string
  #file: number

  private constructor(path: string, file: number) {
    this.#path = path
    this.#file = file
  }

  /**
   * Opens the file, and gives the last checkpoint in it; null where there is none yet. What a crash has left of a checkpoint that
   * was being written is cut off. Throws CheckpointFileError where the last checkpoint is not signed by one of `verifiers`.
   */
  static open(
    path: string,
    verifiers: readonly NoteVerifier[],
  ): { readonly file: CheckpointFile; readonly last: Checkpoint | null } {
    let descriptor: number
    try {
      descriptor = openSync(path, 'a+', 0o600)
    } catch (cause) {
      throw new CheckpointFileError(`the file of checkpoints ${path} cannot be opened`, { cause })
    }
    try {
      const last = lastCheckpoint(descriptor, path, verifiers)
      return { file: new CheckpointFile(path, descriptor), last }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
  }

  /** On disk when it returns. Where it throws, nothing was written. */
  append(note: string): void {
    const { size } = fstatSync(this.#file)
    const bytes = Buffer.from(note)
    let at = 0
    try {
      while (at < bytes.length) at += writeSync(this.#file, bytes, at)
      fdatasyncSync(this.#file)
    } catch (error) {
      if (at > 0) ftruncateSync(this.#file, size)
      throw error
    }
  }

  /** Goes on in the file that has the name now. */
  reopen(): void {
    const file = openSync(this.#path, 'a+', 0o600)
    closeSync(this.#file)
    this.#file = file
  }

  close(): void {
    closeSync(this.#file)
  }
}

function lastCheckpoint(
  file: number,
  path: string,
  verifiers: readonly NoteVerifier[],
): Checkpoint | null {
  const { size } = fstatSync(file)
  if (size === 0) return null
  const tail = Buffer.alloc(Math.min(size, TAIL_SIZE))
  readSync(file, tail, 0, tail.length, size - tail.length)
  const pieces = splitNotes(tail.toString())
  const left = pieces.at(-1)
  const isCut = left !== undefined && parseNote(left) === null
  const last = isCut ? pieces.at(-2) : left
  if (last === undefined && size <= TAIL_SIZE) {
    ftruncateSync(file, 0)
    return null
  }
  const checkpoint = opened(last ?? '', path, verifiers)
  if (isCut) ftruncateSync(file, size - Buffer.byteLength(left))
  return checkpoint
}

function opened(text: string, path: string, verifiers: readonly NoteVerifier[]): Checkpoint {
  const remedy = 'move it away to begin a new history'
  const note = parseNote(text)
  if (note === null || !verifiers.some((verifier) => verifier.verifies(note)))
    throw new CheckpointFileError(
      `the last checkpoint of ${path} is not signed by the audit log signing key: ${remedy}`,
    )
  try {
    return decodeCheckpoint(note.text)
  } catch (cause) {
    if (!(cause instanceof CheckpointError)) throw cause
    throw new CheckpointFileError(`the last checkpoint of ${path} cannot be read: ${remedy}`, {
      cause,
    })
  }
}
