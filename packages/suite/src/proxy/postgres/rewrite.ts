import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { type Edit, editText, type Shape } from '../../sql/index.ts'
import { decodeLiteral, shapeOf } from '../../sql/postgres/index.ts'
import { type Access, TransformError } from '../../transform/index.ts'
import {
  BINARY_FORMAT,
  type Bind,
  beginBind,
  encodeByteaHex,
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
import { RefusedError, unprotectable, unreadableLiteral, wrongParameterType } from './refusal.ts'
import { acceptsParameterType } from './types.ts'
import { plainOfText } from './values.ts'

/** What the largest envelope, an AcraStruct in its container, adds to a value, in bytes: spec acra-envelopes, sections 1 and 3. */
const ENVELOPE_ROOM = 201
/** Prefix, quotes and `\x` of a literal. */
const LITERAL_ROOM = 8
const QUOTE = Buffer.from("'")
/** The beginning of a hex literal before its own backslash; the space keeps the E from becoming part of a word. */
const ESCAPED_PREFIX = Buffer.from(" E'\\")

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
    const types = message.parameterTypes.map((oid, i) => {
      const planned = parameters.get(i + 1)
      if (planned === undefined) return oid
      if (!acceptsParameterType(oid))
        throw new RefusedError(wrongParameterType(planned.setting, i + 1))
      return 0
    })
    return soon(this.#text(text, literals, shape), (rewritten) =>
      encodeParse(message.statement, rewritten, types, out),
    )
  }

  /** Appends a Bind. */
  bind(bytes: Buffer, message: Bind, plan: Planned, out: BufferSink): Soon<void> {
    const writer = new MessageWriter(out)
    beginBind(message, writer)
    openParameters(bytes, message, this.#values)
    return soon(this.#parameters(bytes, message, plan, writer), () => endBind(message, writer))
  }

  #parameters(bytes: Buffer, message: Bind, plan: Planned, writer: MessageWriter): Soon<void> {
    const values = this.#values
    while (values.next()) {
      writer.beginValue()
      const planned = plan.parameters.get(values.index + 1)
      if (values.isNull) {
        writer.nullValue()
        continue
      }
      const written = this.#parameter(bytes, message, planned, writer.sink)
      if (written instanceof Promise) {
        return written.then(() => {
          writer.endValue()
          return this.#parameters(bytes, message, plan, writer)
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
    out: BufferSink,
  ): Soon<void> {
    const { index, start, end } = this.#values
    if (planned === undefined) return out.append(bytes, start, end)
    const value = bytes.subarray(start, end)
    const format = formatAt(message.parameterFormats, index)
    if (format === BINARY_FORMAT) return this.#protect(value, planned, out)
    const cell = new BufferSink(value.length + ENVELOPE_ROOM)
    return soon(this.#protect(plainOfText(planned.setting, value), planned, cell), () =>
      encodeByteaHex(cell.bytes, 0, cell.length, out),
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
      const { start, end } = shape.literals[index]
      const edit = soon(this.#literal(text, start, end, column), (bytes) => {
        edits.push({ start, end, bytes })
      })
      if (edit instanceof Promise) return edit.then(() => this.#edits(text, slots, shape, edits))
    }
  }

  /** A bytea literal that means the protected value whichever way the database reads backslashes. */
  #literal(text: Buffer, start: number, end: number, planned: PlannedColumn): Soon<Buffer> {
    const value = decodeLiteral(text, start, end)
    if (value === null) throw new RefusedError(unreadableLiteral(planned.setting))
    const cell = new BufferSink(value.length + ENVELOPE_ROOM)
    return soon(this.#protect(plainOfText(planned.setting, value), planned, cell), () => {
      const literal = new BufferSink(2 * cell.length + LITERAL_ROOM)
      literal.append(ESCAPED_PREFIX)
      encodeByteaHex(cell.bytes, 0, cell.length, literal)
      literal.append(QUOTE)
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
