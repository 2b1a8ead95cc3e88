import type { Edit, Shape } from '../../sql/index.ts'
import { shapeOf } from '../../sql/postgres/index.ts'
import { RefusedError, refusals } from './refusal.ts'

/*
 * Whether a backslash in an ordinary string is an escape is a setting of the session (manual, "standard_conforming_strings"), of whose
 * changes we hear too late: a client sends its next statement ahead. So no text may go out that ends its strings elsewhere by the other
 * reading. Only a backslash before a quote does that.
 */

const ESCAPED_QUOTE = Buffer.from("\\'")
const BACKSLASH = 0x5c
const QUOTE = 0x27
const WORD = /[\w$\x80-\xff]/
const UESCAPE = /uescape/i

/** False where the ends of all strings of `text` are the same by both readings. Fast, and true too often. */
export function mayMoveEnds(text: Buffer): boolean {
  return text.includes(ESCAPED_QUOTE)
}

/** True where a text means the same by both readings. */
export function isReadAlike(text: Buffer): boolean {
  if (!text.includes(BACKSLASH)) return true
  let at = 0
  for (const { start, end } of shapeOf(text).literals) {
    if (text[start] === QUOTE && text.subarray(start, end).includes(BACKSLASH)) return false
    if (mayEndOtherwise(text.subarray(at, start))) return false
    at = end
  }
  return !mayEndOtherwise(text.subarray(at))
}

/**
 * Edits that write the ordinary strings with backslashes in `text` as `E'...'`, which there is one reading of; literals with an index in
 * `replaced` are left out, as something else will stand there. Throws RefusedError where that cannot be done.
 */
export function escapeBackslashes(
  text: Buffer,
  { literals }: Shape,
  replaced: ReadonlySet<number>,
): Edit[] {
  const edits: Edit[] = []
  let at = 0
  literals.forEach(({ start, end }, index) => {
    refuseUescape(text.subarray(at, start))
    at = end
    const isOrdinary = text[start] === QUOTE
    if (!isOrdinary || replaced.has(index) || !text.subarray(start, end).includes(BACKSLASH)) return
    if (isNational(text, start)) throw new RefusedError(refusals.backslash)
    edits.push({ start, end, bytes: escaped(text.subarray(start, end)) })
  })
  refuseUescape(text.subarray(at))
  return edits
}

function refuseUescape(between: Buffer): void {
  if (mayEndOtherwise(between)) throw new RefusedError(refusals.backslash)
}

/** The string behind UESCAPE belongs to a name, and is no literal. */
function mayEndOtherwise(between: Buffer): boolean {
  return mayMoveEnds(between) && UESCAPE.test(between.toString('latin1'))
}

/** `N'...'`: it cannot have an E. */
function isNational(text: Buffer, quote: number): boolean {
  const before = text.toString('latin1', Math.max(0, quote - 2), quote)
  return /n$/i.test(before) && !(before.length === 2 && WORD.test(before[0]))
}

function escaped(literal: Buffer): Buffer {
  const doubled = literal.toString('latin1').replaceAll('\\', '\\\\')
  return Buffer.from(` E${doubled}`, 'latin1')
}
