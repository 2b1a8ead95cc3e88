import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { type Edit, editText, type Shape } from '../../sql/index.ts'
import { decodeLiteral, shapeOf } from '../../sql/postgres/index.ts'
import { type Access, type ColumnSetting, TransformError } from '../../transform/index.ts'
import {
  BINARY_FORMAT,
  type Bind,
  beginBind,
  encodeParse,
  encodeQuery,
  endBind,
  formatAt,
  MessageWriter,
  openParameters,
  type Parse,
  ValueReader,
} from '../../wire/postgres/index.ts'
import type { PlannedColumn } from '../columns.ts'
import type { LiteralSlot, Planned } from '../plan.ts'
import { escapeBackslashes, mayMoveEnds } from './backslashes.ts'
import {
  RefusedError,
  unprotectable,
  unreadableLiteral,
  wrongParameterType,
  wrongValue,
} from './refusal.ts'
import {
  acceptsParameterType,
  plainOfBinary,
  plainOfText,
  storedParameterType,
  ValueError,
  writeLiteral,
  writeParameter,
} from './values.ts'

/** What the largest envelope, an AcraStruct in its container, adds to a value, in bytes: spec acra-envelopes, sections 1 and 3. */
const ENVELOPE_ROOM = 201
/** Prefix, quotes and `\x` of a literal. */
const LITERAL_ROOM = 8

/**
 * Writes the client's messages anew with the values of protected columns in their protected form; everything else stays byte
 * for byte. Throws RefusedError where a value cannot be protected: then nothing of the message may be forwarded.
 */
export class Rewriter {
  readonly #access: Access
  readonly #values = new ValueReader()

  constructor(access: Access) {
    this.#access = access
  }

  /** Appends a Query with the literals of `slots` protected. */
  query(
    text: Buffer,
    slots: readonly LiteralSlot[],
    shape: Shape | null,
    out: BufferSink,
  ): Soon<void> {
    return soon(this.#text(text, slots, shape), (rewritten) => encodeQuery(rewritten, out))
  }

  /** Appends a Parse whose parameters for protected columns are left to the server: it takes the column's type. */
  parse(
    message: Parse,
    text: Buffer,
    { literals, parameters }: Pick<Planned, 'literals' | 'parameters'>,
    shape: Shape | null,
    out: BufferSink,
  ): Soon<void> {
    const types = storedTypes(message.parameterTypes, parameters)
    return soon(this.#text(text, literals, shape), (rewritten) =>
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
    const writer = new MessageWriter(out)
    beginBind(message, writer)
    openParameters(bytes, message, this.#values)
    return soon(this.#parameters(bytes, message, plan, declared, writer), () =>
      endBind(message, writer),
    )
  }

  #parameters(
    bytes: Buffer,
    message: Bind,
    plan: Planned,
    declared: readonly number[],
    writer: MessageWriter,
  ): Soon<void> {
    const values = this.#values
    while (values.next()) {
      writer.beginValue()
      const planned = plan.parameters.get(values.index + 1)
      if (values.isNull) {
        writer.nullValue()
        continue
      }
      const written = this.#parameter(bytes, message, planned, declared, writer.sink)
      if (written instanceof Promise) {
        return written.then(() => {
          writer.endValue()
          return this.#parameters(bytes, message, plan, declared, writer)
        })
      }
      writer.endValue()
    }
  }

  /** Appends the current value, protected where it belongs to a column, in the format in which its plain form came. */
  #parameter(
    bytes: Buffer,
    message: Bind,
    planned: PlannedColumn | undefined,
    declared: readonly number[],
    out: BufferSink,
  ): Soon<void> {
    const { index, start, end } = this.#values
    if (planned === undefined) return out.append(bytes, start, end)
    const value = bytes.subarray(start, end)
    const { setting } = planned
    const format = formatAt(message.parameterFormats, index)
    const isBinary = format === BINARY_FORMAT
    const plain = ofType(setting, () =>
      isBinary ? plainOfBinary(setting, value, declared[index] ?? 0) : plainOfText(setting, value),
    )
    if (isBinary && storedParameterType(setting) === 0) return this.#protect(plain, planned, out)
    const cell = new BufferSink(value.length + ENVELOPE_ROOM)
    return soon(this.#protect(plain, planned, cell), () =>
      writeParameter(setting, cell.bytes.subarray(0, cell.length), format, out),
    )
  }

  /** The text with the literals of `slots` replaced, and its strings ending where they end by either reading of backslashes. */
  #text(text: Buffer, slots: readonly LiteralSlot[], known: Shape | null): Soon<Buffer> {
    const escapes = mayMoveEnds(text)
    if (slots.length === 0 && !escapes) return text
    const shape = known ?? shapeOf(text)
    const edits: Edit[] = []
    return soon(this.#edits(text, slots, shape, edits), () => {
      if (escapes) {
        const replaced = new Set(slots.map(({ index }) => index))
        edits.push(...escapeBackslashes(text, shape, replaced))
        edits.sort((one, other) => one.start - other.start)
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
      const { index, column } = slots[edits.length]
      const literal = shape.literals[index]
      const start = signBefore(text, literal.start)
      const { end } = literal
      const edit = soon(
        this.#literal(text, literal.start, end, start < literal.start, column),
        (bytes) => {
          edits.push({ start, end, bytes })
        },
      )
      if (edit instanceof Promise) return edit.then(() => this.#edits(text, slots, shape, edits))
    }
  }

  /** A literal that means the protected value. */
  #literal(
    text: Buffer,
    start: number,
    end: number,
    isNegative: boolean,
    planned: PlannedColumn,
  ): Soon<Buffer> {
    const decoded = decodeLiteral(text, start, end)
    const { setting } = planned
    if (decoded === null) throw new RefusedError(unreadableLiteral(setting))
    const value = isNegative ? Buffer.concat([MINUS_SIGN, decoded]) : decoded
    const plain = ofType(setting, () => plainOfText(setting, value))
    const cell = new BufferSink(plain.length + ENVELOPE_ROOM)
    return soon(this.#protect(plain, planned, cell), () => {
      const literal = new BufferSink(2 * cell.length + LITERAL_ROOM)
      writeLiteral(setting, cell.bytes.subarray(0, cell.length), literal)
      return literal.take()
    })
  }

  #protect(plain: Uint8Array, { column, setting }: PlannedColumn, out: BufferSink): Soon<void> {
    const failed = (error: unknown): never => {
      if (error instanceof TransformError) {
        throw new RefusedError(unprotectable(setting, error.message), { cause: error })
      }
      throw error
    }
    try {
      const done = column.protect(plain, this.#access, out)
      return done instanceof Promise ? done.catch(failed) : done
    } catch (error) {
      return failed(error)
    }
  }
}

const MINUS = 0x2d
const MINUS_SIGN = Buffer.from('-')
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39
const POINT = 0x2e

/**
 * Where the sign of the number at `start` stands, else `start`. A literal that is a value of its own is preceded by a minus only where
 * that is its sign.
 */
function signBefore(text: Buffer, start: number): number {
  const first = text[start]
  if (first !== POINT && (first < DIGIT_0 || first > DIGIT_9)) return start
  let at = start - 1
  while (at >= 0 && text[at] <= 0x20) at--
  return text[at] === MINUS ? at : start
}

/** What `read` gives; a value that is none of its column's type is refused. */
function ofType(setting: ColumnSetting, read: () => Buffer): Buffer {
  try {
    return read()
  } catch (error) {
    if (error instanceof ValueError) throw new RefusedError(wrongValue(setting, error.message))
    throw error
  }
}

/** The types of a Parse's parameters as the database is told them. Throws RefusedError where one cannot be a protected value. */
function storedTypes(
  declared: readonly number[],
  parameters: ReadonlyMap<number, PlannedColumn>,
): number[] {
  const types = [...declared]
  for (const [number, { setting }] of parameters) {
    const oid = declared[number - 1] ?? 0
    if (!acceptsParameterType(setting, oid)) {
      throw new RefusedError(wrongParameterType(setting, number))
    }
    const stored = storedParameterType(setting)
    if (stored === 0 && number > declared.length) continue
    while (types.length < number) types.push(0)
    types[number - 1] = stored
  }
  return types
}
