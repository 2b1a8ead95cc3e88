import type { BufferSink } from '../foundation/index.ts'

/** Bytes to put in the place of `text[start, end)`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array
}

/**
 * Appends `text` to `out` with every edit made; what lies between stays byte for byte. `edits` are in the order of the text and do not
 * overlap: a mistake there is a RangeError, and `out` is then as it was.
 */
export function editText(text: Uint8Array, edits: readonly Edit[], out: BufferSink): void {
  const before = out.length
  let at = 0
  for (const edit of edits) {
    if (edit.start < at || edit.end < edit.start || edit.end > text.length) {
      out.truncate(before)
      throw new RangeError('edits overlap or lie outside the text')
    }
    out.append(text, at, edit.start)
    out.append(edit.bytes)
    at = edit.end
  }
  out.append(text, at, text.length)
}
