import type { BufferSink } from '../../foundation/index.ts'
import { ProtocolError } from '../protocol-error.ts'
import { HEADER_SIZE } from './frames.ts'
import { MessageReader } from './reader.ts'
import type { ValueReader } from './values.ts'
import { MessageWriter } from './writer.ts'

/**
 * Messages of the database ("B" in the manual's list, https://www.postgresql.org/docs/current/protocol-message-formats.html).
 * Decoders take a whole frame, header included, as the range `[start, end)` of `bytes`; they throw ProtocolError where
 * a count or a length does not fit.
 */
export const Backend = {
  authentication: 0x52, // R
  backendKeyData: 0x4b, // K
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  commandComplete: 0x43, // C
  copyBothResponse: 0x57, // W
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyInResponse: 0x47, // G
  copyOutResponse: 0x48, // H
  dataRow: 0x44, // D
  emptyQueryResponse: 0x49, // I
  errorResponse: 0x45, // E
  functionCallResponse: 0x56, // V
  negotiateProtocolVersion: 0x76, // v
  noData: 0x6e, // n
  noticeResponse: 0x4e, // N
  notificationResponse: 0x41, // A
  parameterDescription: 0x74, // t
  parameterStatus: 0x53, // S
  parseComplete: 0x31, // 1
  portalSuspended: 0x73, // s
  readyForQuery: 0x5a, // Z
  rowDescription: 0x54, // T
} as const

/** The layout of one field behind its name: table OID, column number, type OID, type size, type modifier, format. */
const FIELD_SIZE = 18
const FIELD_TYPE_OFFSET = 6

/** A type as RowDescription announces it; `size` is negative for types of variable width. */
export interface FieldType {
  readonly oid: number
  readonly size: number
}

/**
 * A copy of a RowDescription in which the fields that `typeOf` answers for have that type, and no type modifier;
 * null where it answers for none. It is given the index of each field, its type, and how many fields there are.
 */
export function retypeRowDescription(
  bytes: Buffer,
  start: number,
  end: number,
  typeOf: (index: number, typeOid: number, count: number) => FieldType | null,
): Buffer | null {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const count = reader.count(FIELD_SIZE + 1)
  let copy: Buffer | null = null
  for (let i = 0; i < count; i++) {
    reader.skipString()
    const typeAt = reader.skip(FIELD_SIZE) + FIELD_TYPE_OFFSET
    const type = typeOf(i, bytes.readUInt32BE(typeAt), count)
    if (type === null) continue
    const at = typeAt - start
    copy ??= Buffer.from(bytes.subarray(start, end))
    copy.writeUInt32BE(type.oid, at)
    copy.writeInt16BE(type.size, at + 4)
    copy.writeInt32BE(-1, at + 6)
  }
  reader.finish()
  return copy
}

/** The type OIDs of a statement's parameters. */
export function decodeParameterDescription(bytes: Buffer, start: number, end: number): number[] {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const count = reader.count(4)
  const types: number[] = []
  for (let i = 0; i < count; i++) types.push(reader.uint32())
  reader.finish()
  return types
}

/** A copy of a ParameterDescription with the OIDs that `typeOf` answers (by index from 0); null where it answers none. */
export function retypeParameterDescription(
  bytes: Buffer,
  start: number,
  end: number,
  typeOf: (index: number) => number | null,
  hidden = 0,
): Buffer | null {
  const all = decodeParameterDescription(bytes, start, end).length
  const count = Math.max(0, all - hidden)
  let copy: Buffer | null = null
  if (count < all) {
    copy = Buffer.from(bytes.subarray(start, start + HEADER_SIZE + 2 + count * 4))
    copy.writeInt32BE(copy.length - 1, 1)
    copy.writeUInt16BE(count, HEADER_SIZE)
  }
  for (let i = 0; i < count; i++) {
    const oid = typeOf(i)
    if (oid === null) continue
    copy ??= Buffer.from(bytes.subarray(start, end))
    copy.writeUInt32BE(oid, HEADER_SIZE + 2 + i * 4)
  }
  return copy
}

/** Points `values` at the cells of a DataRow. */
export function openDataRow(bytes: Buffer, start: number, end: number, values: ValueReader): void {
  const at = start + HEADER_SIZE + 2
  if (at > end) throw new ProtocolError('a message is shorter than its content')
  values.open(bytes, at, end, (bytes[at - 2] << 8) | bytes[at - 1])
}

/** Appends the beginning of a DataRow: its values follow by `beginValue` and `endValue` or `nullValue`, then `endFrame`. */
export function beginDataRow(count: number, writer: MessageWriter): void {
  writer.beginFrame(Backend.dataRow)
  writer.int16(count)
}

/** The command tag, such as `SELECT 3`. */
export function decodeCommandComplete(bytes: Buffer, start: number, end: number): string {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const tag = reader.latin1()
  reader.finish()
  return tag
}

/** The fields of an ErrorResponse or NoticeResponse by their letter (S, V, C, M, D, H, P, ...). */
export function decodeErrorFields(bytes: Buffer, start: number, end: number): Map<string, string> {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const fields = new Map<string, string>()
  for (let type = reader.byte(); type !== 0; type = reader.byte()) {
    fields.set(String.fromCharCode(type), reader.utf8())
  }
  reader.finish()
  return fields
}

/** True for an ErrorResponse that ends the connection. */
export function isFatal(bytes: Buffer, start: number, end: number): boolean {
  const fields = decodeErrorFields(bytes, start, end)
  const severity = fields.get('V') ?? fields.get('S')
  return severity === 'FATAL' || severity === 'PANIC'
}

export interface ErrorReport {
  /** ERROR ends a statement, FATAL a connection. */
  readonly severity: 'ERROR' | 'FATAL'
  /** Five characters, https://www.postgresql.org/docs/current/errcodes-appendix.html. */
  readonly sqlState: string
  readonly message: string
  readonly hint: string | null
  /** The character of the statement that it is about, from 1. */
  readonly position?: number
  /** What is said in the place of `message`, as it is. */
  readonly words?: Buffer
}

/** Appends an ErrorResponse with the fields S, V, C, M and, where there are a hint and a position, H and P. */
export function encodeErrorResponse(report: ErrorReport, sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Backend.errorResponse)
  writeField(writer, 0x53, report.severity)
  writeField(writer, 0x56, report.severity)
  writeField(writer, 0x43, report.sqlState)
  writeField(writer, 0x4d, report.words ?? report.message)
  if (report.hint !== null) writeField(writer, 0x48, report.hint)
  if (report.position !== undefined) writeField(writer, 0x50, String(report.position))
  writer.byte(0)
  writer.endFrame()
}

/** Idle, in a transaction, in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E'

export function decodeReadyForQuery(bytes: Buffer, start: number, end: number): TransactionStatus {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const status = reader.byte()
  reader.finish()
  if (status === 0x49) return 'I'
  if (status === 0x54) return 'T'
  if (status === 0x45) return 'E'
  throw new ProtocolError('a message gives a transaction status that does not exist')
}

export function encodeReadyForQuery(status: TransactionStatus, sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Backend.readyForQuery)
  writer.byte(status.charCodeAt(0))
  writer.endFrame()
}

export interface ParameterStatus {
  readonly name: string
  readonly value: string
}

export function decodeParameterStatus(bytes: Buffer, start: number, end: number): ParameterStatus {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const name = reader.utf8()
  const value = reader.utf8()
  reader.finish()
  return { name, value }
}

export interface BackendKeyData {
  readonly processId: number
  /** 4 bytes up to protocol 3.0, up to 256 from 3.2 on. A view of the message. */
  readonly secret: Buffer
}

export function decodeBackendKeyData(bytes: Buffer, start: number, end: number): BackendKeyData {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const processId = reader.uint32()
  const size = reader.left
  if (size < 4 || size > 256)
    throw new ProtocolError('a cancel key has neither 4 nor up to 256 bytes')
  return { processId, secret: bytes.subarray(reader.at, end) }
}

export interface NegotiateProtocolVersion {
  /** The newest minor version that the database speaks. */
  readonly minor: number
  /** Names of start-up options that it did not know. */
  readonly unknownOptions: readonly string[]
}

export function decodeNegotiateProtocolVersion(
  bytes: Buffer,
  start: number,
  end: number,
): NegotiateProtocolVersion {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  // The manual says "minor version"; servers send the whole version number.
  const minor = reader.int32() & 0xffff
  const count = reader.int32()
  if (count < 0 || count > reader.left)
    throw new ProtocolError('a message is shorter than its content')
  const unknownOptions: string[] = []
  for (let i = 0; i < count; i++) unknownOptions.push(reader.utf8())
  reader.finish()
  return { minor, unknownOptions }
}

/** The request that an Authentication message makes: 0 ok, 3 cleartext, 5 MD5, 10 SASL, 11 continue, 12 final, ... */
export function decodeAuthentication(bytes: Buffer, start: number, end: number): number {
  return new MessageReader(bytes, start + HEADER_SIZE, end).int32()
}

/** A zero byte would end the text early and make a field of what follows. */
function writeField(writer: MessageWriter, type: number, text: string | Buffer): void {
  writer.byte(type)
  if (typeof text === 'string') writer.utf8(text.replaceAll('\0', ' '))
  else writer.latin1(text.toString('latin1').replaceAll('\0', ' '))
}
