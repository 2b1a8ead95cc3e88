import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import {
  type AnchoredSpan,
  type Edit,
  editText,
  type Literal,
  type Shape,
} from '../../sql/index.ts'
import { computed, decodeLiteral, shapeOf } from '../../sql/postgres/index.ts'
import {
  type Bind,
  beginBind,
  encodeParse,
  encodeQuery,
  endBind,
  formatAt,
  MessageWriter,
  openParameters,
  type Parse,
  TEXT_FORMAT,
  ValueReader,
} from '../../wire/postgres/index.ts'
import type { LiteralSlot, ParameterSlot, Planned } from '../plan.ts'
import { escapeBackslashes, mayMoveEnds } from './backslashes.ts'
import type { ClientAccess } from './client-access.ts'
import {
  notComputed,
  RefusedError,
  refusals,
  unreadableLiteral,
  wrongParameterType,
} from './refusal.ts'
import { arrayLiteral, arrayParameter, isWrittenAsArray } from './search-values.ts'
import { comparedForm, type GivenValue, givenValue, protectValue } from './stored-values.ts'
import {
  acceptsParameterType,
  beginLiteral,
  endLiteral,
  parameterInPlace,
  storedParameterType,
} from './values.ts'

/** What the largest envelope, an AcraStruct in its container, adds to a value, in bytes: spec acra-envelopes, sections 1 and 3. */
const ENVELOPE_ROOM = 201
/** Prefix, quotes and `\x` of a literal. */
const LITERAL_ROOM = 8
const MINUS = Buffer.from('-')

/** What of a text is written anew. */
export type TextSlots = Pick<Planned, 'literals' | 'edits'>

/**
 * Writes the client's messages anew with the values of protected columns in their protected form; everything else stays byte
 * for byte. Throws RefusedError where a value cannot be protected: then nothing of the message may be forwarded.
 */
export class Rewriter {
  readonly #access: ClientAccess
  readonly #values = new ValueReader()

  constructor(access: ClientAccess) {
    this.#access = access
  }

  /** Appends a Query with its literals protected. */
  query(text: Buffer, slots: TextSlots, shape: Shape | null, out: BufferSink): Soon<void> {
    return soon(this.#text(text, slots, shape), (rewritten) => encodeQuery(rewritten, out))
  }

  /** Appends a Parse whose parameters for protected columns are left to the server: it takes the column's type. */
  parse(
    message: Parse,
    text: Buffer,
    slots: TextSlots & Pick<Planned, 'parameters'>,
    shape: Shape | null,
    out: BufferSink,
  ): Soon<void> {
    const types = storedTypes(message.parameterTypes, slots.parameters)
    return soon(this.#text(text, slots, shape), (rewritten) =>
      encodeParse(message.statement, rewritten, types, out),
    )
  }

  /** Appends a Bind; `declared` are the types that the client's Parse gave its parameters. */
  bind(
    bytes: Buffer,
    message: Bind,
    plan: Planned,
    declared: readonly number[],
    out: BufferSink,
  ): Soon<void> {
    const copies = copiesIn(plan.parameters, message.parameterCount)
    const writer = new MessageWriter(out)
    beginBind(withCopies(message, copies), writer)
    openParameters(bytes, message, this.#values)
    const own = this.#parameters(bytes, message, plan.parameters, declared, writer)
    const all = soon(own, () => this.#copies(bytes, message, copies, declared, writer))
    return soon(all, () => endBind(message, writer))
  }

  /** Appends the values that are given once more for another use. */
  #copies(
    bytes: Buffer,
    message: Bind,
    [slot, ...others]: readonly Copy[],
    declared: readonly number[],
    writer: MessageWriter,
  ): Soon<void> {
    if (slot === undefined) return
    const values = this.#values
    openParameters(bytes, message, values)
    while (values.index + 1 < slot.copyOf) values.next()
    return soon(this.#value(bytes, message, slot, declared, writer), () =>
      this.#copies(bytes, message, others, declared, writer),
    )
  }

  #parameters(
    bytes: Buffer,
    message: Bind,
    parameters: Planned['parameters'],
    declared: readonly number[],
    writer: MessageWriter,
  ): Soon<void> {
    const values = this.#values
    while (values.next()) {
      const slot = parameters.get(values.index + 1)
      const written = this.#value(bytes, message, slot, declared, writer)
      if (written instanceof Promise)
        return written.then(() => this.#parameters(bytes, message, parameters, declared, writer))
    }
  }

  /** Appends the current value with its length, or NULL. */
  #value(
    bytes: Buffer,
    message: Bind,
    slot: ParameterSlot | undefined,
    declared: readonly number[],
    writer: MessageWriter,
  ): Soon<void> {
    writer.beginValue()
    // A list with NULL in it is a list still.
    const isElement = slot?.use.kind === 'search' && slot.use.as === 'forms'
    if (this.#values.isNull && !isElement) return writer.nullValue()
    const written = this.#parameter(bytes, message, slot, declared, writer.sink)
    return soon(written, () => writer.endValue())
  }

  /** Appends the current value, protected where it belongs to a column, in the format in which its plain form came. */
  #parameter(
    bytes: Buffer,
    message: Bind,
    slot: ParameterSlot | undefined,
    declared: readonly number[],
    out: BufferSink,
  ): Soon<void> {
    const { index, start, end, isNull } = this.#values
    if (slot === undefined) return out.append(bytes, start, end)
    if (slot.use.kind === 'presence') return
    const given = bytes.subarray(start, end)
    const value = isNull ? given : valueFor(slot, given, noLiteral)
    const { setting } = slot.column
    const format = formatAt(message.parameterFormats, index)
    if (isWrittenAsArray(slot.use)) {
      return arrayParameter(
        isNull ? null : value,
        format,
        slot,
        declared[index] ?? 0,
        this.#access,
        out,
      )
    }
    const plain = givenValue(slot.column, value, format, declared[index] ?? 0, this.#access)
    const mark = out.length
    return soon(this.#stored(plain, slot, out), () => parameterInPlace(setting, format, out, mark))
  }

  /** The text with the literals of `slots` replaced, and its strings ending where they end by either reading of backslashes. */
  #text(text: Buffer, slots: TextSlots, known: Shape | null): Soon<Buffer> {
    const { literals } = slots
    const escapes = mayMoveEnds(text)
    if (literals.length === 0 && slots.edits.length === 0 && !escapes) return text
    const shape = known ?? shapeOf(text)
    const edits: Edit[] = []
    return soon(this.#edits(text, literals, shape, edits), () => {
      for (const edit of slots.edits)
        edits.push({ ...spanIn(shape, edit), bytes: Buffer.from(edit.text) })
      edits.sort(inOrder)
      if (escapes) {
        for (const edit of escapeBackslashes(text, shape, literalsInside(edits, shape)))
          edits.push(edit)
        edits.sort(inOrder)
      }
      const added = edits.reduce((size, { bytes }) => size + bytes.length, 0)
      const edited = new BufferSink(text.length + added)
      editText(text, edits, edited)
      return edited.take()
    })
  }

  /** Adds the edits of the slots that have none yet. */
  #edits(text: Buffer, slots: readonly LiteralSlot[], shape: Shape, edits: Edit[]): Soon<void> {
    while (edits.length < slots.length) {
      const slot = slots[edits.length]
      const literal = shape.literals[slot.index]
      const { start, end } = slot.at === null ? literal : spanIn(shape, slot.at)
      const edit = soon(this.#literal(text, shape, slot), (bytes) => {
        edits.push({ start, end, bytes })
      })
      if (edit instanceof Promise) return edit.then(() => this.#edits(text, slots, shape, edits))
    }
  }

  /** A literal that means the protected value. */
  #literal(text: Buffer, { literals }: Shape, slot: LiteralSlot): Soon<Buffer> {
    const { setting } = slot.column
    const literal = (index: number) => {
      const decoded = decodeLiteral(text, literals[index].start, literals[index].end)
      if (decoded === null) throw new RefusedError(unreadableLiteral(setting))
      return decoded
    }
    const decoded = literal(slot.index)
    const given = slot.isNegative ? Buffer.concat([MINUS, decoded]) : decoded
    const value = valueFor(slot, given, literal)
    if (isWrittenAsArray(slot.use)) return arrayLiteral(value, slot, this.#access)
    const plain = givenValue(slot.column, value, TEXT_FORMAT, 0, this.#access)
    const written = new BufferSink(2 * (value.length + ENVELOPE_ROOM) + LITERAL_ROOM)
    beginLiteral(setting, written)
    const mark = written.length
    return soon(this.#stored(plain, slot, written), () => {
      endLiteral(setting, written, mark)
      return written.take()
    })
  }

  /** Appends what stands in the database for a value: all of it to be stored, or the part that is compared. */
  #stored(given: GivenValue, { column, use }: ParameterSlot, out: BufferSink): Soon<void> {
    const access = this.#access
    if (use.kind !== 'store')
      return soon(comparedForm(given, column, access), (form) => out.append(form))
    return protectValue(given, column, access, out, use.isCompared === true)
  }
}

/** The value of a slot: what is given for it, or what is made of that or of literals. */
function valueFor(
  { column, use }: ParameterSlot,
  given: Buffer,
  literal: (index: number) => Buffer | null,
): Buffer {
  if (use.made === undefined) return given
  const value = computed(use.made, { literal, given })
  if (value === null) throw new RefusedError(notComputed(column.setting))
  return value
}

function noLiteral(): null {
  return null
}

function inOrder(one: Edit, other: Edit): number {
  return one.start - other.start || one.end - other.end
}

/** The literals in the place of which something else is written, by their indexes; `edits` are in order. */
function literalsInside(edits: readonly Edit[], { literals }: Shape): ReadonlySet<number> {
  const inside = new Set<number>()
  let next = 0
  literals.forEach(({ start }, index) => {
    while (next < edits.length && edits[next].end <= start) next++
    if (next < edits.length && edits[next].start <= start) inside.add(index)
  })
  return inside
}

type Copy = ParameterSlot & { readonly copyOf: number }

/** The parameters that stand behind the client's, of which there must be as many as the statement has. */
function copiesIn(parameters: Planned['parameters'], count: number): readonly Copy[] {
  const copies: Copy[] = []
  for (const [number, slot] of parameters)
    if (slot.copyOf !== undefined) copies[number - count - 1] = { ...slot, copyOf: slot.copyOf }
  const isWhole =
    Object.keys(copies).length === copies.length && !copies.includes(undefined as never)
  if (!isWhole) throw new RefusedError(refusals.parameterCount)
  return copies
}

/** A Bind with its copies among its formats and its number of values. */
function withCopies(message: Bind, copies: readonly Copy[]): Bind {
  const { parameterFormats: formats, parameterCount } = message
  if (copies.length === 0) return message
  const more = formats.length > 1 ? copies.map(({ copyOf }) => formatAt(formats, copyOf - 1)) : []
  return {
    ...message,
    parameterFormats: [...formats, ...more],
    parameterCount: parameterCount + copies.length,
  }
}

/** The types of a Parse's parameters as the database is told them. Throws RefusedError where one cannot be a protected value. */
function storedTypes(
  declared: readonly number[],
  parameters: ReadonlyMap<number, ParameterSlot>,
): number[] {
  const types = [...declared]
  for (const [number, { column, use, copyOf = number }] of parameters) {
    const { setting } = column
    const oid = declared[copyOf - 1] ?? 0
    if (!acceptsParameterType(setting, use, oid)) {
      throw new RefusedError(wrongParameterType(setting, copyOf))
    }
    // A type is declared for a parameter that the statement does not have.
    if (copyOf !== number && declared.length >= number)
      throw new RefusedError(refusals.parameterCount)
    const isOwnType = use.kind === 'presence' || isWrittenAsArray(use)
    const stored = isOwnType ? 0 : storedParameterType(setting)
    if (stored === 0 && number > declared.length) continue
    while (types.length < number) types.push(0)
    types[number - 1] = stored
  }
  return types
}

/** A span of every text of a shape, in this one. */
export function spanIn({ literals }: Shape, { start, end }: AnchoredSpan): Literal {
  const at = ({ literal, offset }: AnchoredSpan['start']) =>
    offset + (literal === -1 ? 0 : literals[literal].end)
  return { start: at(start), end: at(end) }
}
