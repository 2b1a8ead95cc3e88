import type { BufferSink } from '../../foundation/index.ts'
import { ProtocolError } from '../protocol-error.ts'
import { HEADER_SIZE } from './frames.ts'
import { MessageReader } from './reader.ts'
import type { ValueReader } from './values.ts'
import { MessageWriter } from './writer.ts'

/**
 * Messages of the client ("F" in the manual's list, https://www.postgresql.org/docs/current/protocol-message-formats.html).
 * Decoders take a whole frame, header included, as the range `[start, end)` of `bytes`; they throw ProtocolError where
 * a count or a length does not fit. Texts are ranges of `bytes`; names are strings of one character per byte.
 */
export const Frontend = {
  bind: 0x42, // B
  close: 0x43, // C
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyFail: 0x66, // f
  describe: 0x44, // D
  execute: 0x45, // E
  flush: 0x48, // H
  functionCall: 0x46, // F
  parse: 0x50, // P
  /** Also the SASL and GSS answers. */
  password: 0x70, // p
  query: 0x51, // Q
  sync: 0x53, // S
  terminate: 0x58, // X
} as const

/** A text inside a message: `[textStart, textEnd)`, without the zero byte that ends it. */
export interface TextRange {
  readonly textStart: number
  readonly textEnd: number
}

/** Query: the text runs to the first zero byte, as the server reads it, and the message must end there. */
export function decodeQuery(bytes: Buffer, start: number, end: number): TextRange {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const textStart = reader.at
  const textEnd = reader.skipString()
  reader.finish()
  return { textStart, textEnd }
}

/** Appends a Query with `text`, which must hold no zero byte. */
export function encodeQuery(text: Uint8Array, sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Frontend.query)
  writeText(writer, text)
  writer.endFrame()
}

export interface Parse extends TextRange {
  /** Empty for the unnamed statement. */
  readonly statement: string
  /** OIDs of the first parameters; 0 leaves a type to the server. */
  readonly parameterTypes: readonly number[]
}

export function decodeParse(bytes: Buffer, start: number, end: number): Parse {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const statement = reader.latin1()
  const textStart = reader.at
  const textEnd = reader.skipString()
  const count = reader.count(4)
  const parameterTypes: number[] = []
  for (let i = 0; i < count; i++) parameterTypes.push(reader.uint32())
  reader.finish()
  return { statement, textStart, textEnd, parameterTypes }
}

/** Appends a Parse. `text` must hold no zero byte. */
export function encodeParse(
  statement: string,
  text: Uint8Array,
  parameterTypes: readonly number[],
  sink: BufferSink,
): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Frontend.parse)
  writer.latin1(statement)
  writeText(writer, text)
  writer.int16(parameterTypes.length)
  for (const oid of parameterTypes) writer.int32(oid)
  writer.endFrame()
}

/** Text or binary: the two forms a value has on the wire. */
export type Format = 0 | 1
export const TEXT_FORMAT = 0
export const BINARY_FORMAT = 1

export interface Bind {
  /** Empty for the unnamed portal. */
  readonly portal: string
  /** Empty for the unnamed statement. */
  readonly statement: string
  readonly parameterFormats: readonly Format[]
  readonly parameterCount: number
  /** The parameters, lengths included, are `[parametersStart, parametersEnd)`. */
  readonly parametersStart: number
  readonly parametersEnd: number
  readonly resultFormats: readonly Format[]
}

/** Bind. Every parameter's length is checked on the way; read them with a ValueReader by `openParameters`. */
export function decodeBind(bytes: Buffer, start: number, end: number): Bind {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const portal = reader.latin1()
  const statement = reader.latin1()
  const parameterFormats = readFormats(reader)
  const parameterCount = reader.count(4)
  if (parameterFormats.length > 1 && parameterFormats.length !== parameterCount) {
    throw new ProtocolError('a message has another number of formats than of parameters')
  }
  const parametersStart = reader.at
  for (let i = 0; i < parameterCount; i++) {
    const length = reader.int32()
    if (length !== -1) reader.skip(length)
  }
  const parametersEnd = reader.at
  const resultFormats = readFormats(reader)
  reader.finish()
  return {
    portal,
    statement,
    parameterFormats,
    parameterCount,
    parametersStart,
    parametersEnd,
    resultFormats,
  }
}

/** Points `values` at the parameters of a Bind. */
export function openParameters(bytes: Buffer, bind: Bind, values: ValueReader): void {
  values.open(bytes, bind.parametersStart, bind.parametersEnd, bind.parameterCount)
}

/** The format of value `index` of a list, by the rule of none, one or each. */
export function formatAt(formats: readonly Format[], index: number): Format {
  if (formats.length === 0) return TEXT_FORMAT
  return formats.length === 1 ? formats[0] : formats[index]
}

/**
 * Appends a Bind piece by piece: `beginBind`, then `bind.parameterCount` values by the writer's `beginValue` and `endValue`
 * or `nullValue`, then `endBind`.
 */
export function beginBind(bind: Bind, writer: MessageWriter): void {
  writer.beginFrame(Frontend.bind)
  writer.latin1(bind.portal)
  writer.latin1(bind.statement)
  writeFormats(writer, bind.parameterFormats)
  writer.int16(bind.parameterCount)
}

export function endBind(bind: Bind, writer: MessageWriter): void {
  writeFormats(writer, bind.resultFormats)
  writer.endFrame()
}

/** Appends the Bind of another one's statement and portal, with none of its parameters. */
export function encodeBindWithout(bind: Bind, sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  beginBind({ ...bind, parameterFormats: [], parameterCount: 0 }, writer)
  endBind(bind, writer)
}

/** What Describe and Close name: a prepared statement (S) or a portal (P). */
export interface Target {
  readonly kind: 'statement' | 'portal'
  readonly name: string
}

/** Describe or Close, which have the same layout. */
export function decodeTarget(bytes: Buffer, start: number, end: number): Target {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const kind = reader.byte()
  const name = reader.latin1()
  reader.finish()
  if (kind === 0x53) return { kind: 'statement', name }
  if (kind === 0x50) return { kind: 'portal', name }
  throw new ProtocolError('a message names neither a statement nor a portal')
}

export interface Execute {
  /** Empty for the unnamed portal. */
  readonly portal: string
  /** 0 or less: all rows. */
  readonly rowCountMax: number
}

export function decodeExecute(bytes: Buffer, start: number, end: number): Execute {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const portal = reader.latin1()
  const rowCountMax = reader.int32()
  reader.finish()
  return { portal, rowCountMax }
}

const NO_FORMATS: readonly Format[] = Object.freeze([])
/** The lists of one format, by that format: what nearly every Bind has. */
const ONE_FORMAT: readonly (readonly Format[])[] = [
  Object.freeze<Format[]>([TEXT_FORMAT]),
  Object.freeze<Format[]>([BINARY_FORMAT]),
]

function readFormats(reader: MessageReader): readonly Format[] {
  const count = reader.count(2)
  if (count === 0) return NO_FORMATS
  if (count === 1) return ONE_FORMAT[checkFormat(reader.int16())]
  const formats: Format[] = []
  for (let i = 0; i < count; i++) formats.push(checkFormat(reader.int16()))
  return formats
}

function checkFormat(code: number): Format {
  if (code === TEXT_FORMAT || code === BINARY_FORMAT) return code
  throw new ProtocolError('a message asks for a format that does not exist')
}

function writeFormats(writer: MessageWriter, formats: readonly Format[]): void {
  writer.int16(formats.length)
  for (const format of formats) writer.int16(format)
}

/** A zero byte inside would end the text early for the server, and what follows would be read as something else. */
function writeText(writer: MessageWriter, text: Uint8Array): void {
  if (text.includes(0)) throw new ProtocolError('a statement text holds a zero byte')
  writer.bytes(text)
  writer.byte(0)
}
