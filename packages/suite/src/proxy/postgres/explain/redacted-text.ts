import { BufferSink } from '../../../foundation/index.ts'
import {
  type Edit,
  editText,
  type Shape,
  type TextEdit,
  type ValueSlot,
} from '../../../sql/index.ts'
import { spanIn } from '../rewrite.ts'

const UNKNOWN = Buffer.from('?')

/**
 * The text as it is rewritten, with no value of it: what is protected stands as `'<users.email: search hash>'`, every other literal
 * as `?`.
 */
export function redactedText(
  text: Buffer,
  shape: Shape,
  values: readonly ValueSlot[],
  textEdits: readonly TextEdit[],
): string {
  const edits: Edit[] = textEdits.map((edit) => ({
    ...spanIn(shape, edit),
    bytes: Buffer.from(edit.text),
  }))
  for (const { source, at, column, use } of values) {
    if ('parameter' in source) continue
    const span = at === null ? shape.literals[source.literal] : spanIn(shape, at)
    const what = use.kind === 'store' ? 'protected' : 'to compare'
    edits.push({ ...span, bytes: Buffer.from(` '<${column.table}.${column.column}: ${what}>'`) })
  }
  edits.sort(inOrder)
  const sink = new BufferSink(text.length)
  editText(text, [...edits, ...others(shape, edits)].sort(inOrder), sink)
  return sink.take().toString('utf8')
}

/** Leaves out the literals where no edit is; `edits` are in order. */
function others({ literals }: Shape, edits: readonly Edit[]): readonly Edit[] {
  const left: Edit[] = []
  let next = 0
  for (const { start, end } of literals) {
    while (next < edits.length && edits[next]!.end <= start) next++
    if (next < edits.length && edits[next]!.start < end) continue
    left.push({ start, end, bytes: UNKNOWN })
  }
  return left
}

function inOrder(one: Edit, other: Edit): number {
  return one.start - other.start || one.end - other.end
}
