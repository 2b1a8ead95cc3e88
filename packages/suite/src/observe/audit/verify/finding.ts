/** A line in a file; lines are counted from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

/**
 * What was found in a log.
 * - `changed`: a line does not follow the one before it.
 * - `moved`, `added`: a line stands in another place, or has none.
 * - `no-end`: a chain was not ended.
 * - `unsigned`: a line without a tag.
 * - `malformed`: a line that is none of the format.
 * - `missing-file`: a file that is not there.
 * - `checkpoint`: lines are not those that a checkpoint was made of, or a checkpoint is not genuine.
 * - `uncovered`: no checkpoint is about these lines.
 * - `empty`: nothing to verify.
 */
export type FindingKind =
  | 'changed'
  | 'moved'
  | 'added'
  | 'no-end'
  | 'unsigned'
  | 'malformed'
  | 'missing-file'
  | 'checkpoint'
  | 'uncovered'
  | 'empty'

export interface Finding {
  /** An error makes the log a corrupted one. */
  readonly severity: 'error' | 'warning'
  readonly kind: FindingKind
  /** Null where it is about the whole. */
  readonly place: Place | null
  /** A sentence without a full stop: what is known, and what is not. */
  readonly message: string
}

export type Report = (finding: Finding) => void

/** `acra.log:12`. */
export function placeText({ file, line }: Place): string {
  return `${file}:${line}`
}
