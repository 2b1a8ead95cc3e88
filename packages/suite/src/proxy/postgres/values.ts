import { isUtf8 } from 'node:buffer'
import type { Sink } from '@acra-ts/crypto'
import { AcraError } from '../../foundation/index.ts'
import type { ValueUse } from '../../sql/index.ts'
import type { ColumnSetting, DataType } from '../../transform/index.ts'
import {
  BINARY_FORMAT,
  byteaHexInPlace,
  decodeByteaEscape,
  decodeByteaHex,
  decodeByteaText,
  elementOidOf,
  type Format,
  looksHex,
  Oid,
  type TypeCodec,
  typeCodecs,
} from '../../wire/postgres/index.ts'
import type { TextEncoding } from './client-access.ts'
import { ENVELOPE_SIZE_MIN, hasTag, hasTagInHex } from './envelope-tags.ts'
import { RefusedError, wrongValue } from './refusal.ts'

/*
 * How the values of protected columns stand in literals and parameters of PostgreSQL (spec: encryptor-config §10). The database holds bytea,
 * of tokens their own type; what the application writes depends on the column's data type.
 */

/** PostgreSQL's code of a text with bytes that are no characters. */
const NOT_TEXT = '22021'
const NO_CHARACTERS = 'the text has bytes that are no characters of the encoding'
const NOT_OF_TYPE = 'the value is not of the type'

/** A value is none of its column's type. The message names the type only. */
class ValueError extends AcraError {
  /** The database's own code for it. */
  readonly sqlState: string

  constructor(type: DataType, sqlState = '22P02') {
    super('value-not-of-type', sqlState === NOT_TEXT ? NO_CHARACTERS : `${NOT_OF_TYPE} ${type}`)
    this.sqlState = sqlState
  }
}

/**
 * Throws ValueError where a text is none to the database: 22021, as PostgreSQL says of a zero byte, and of what is not UTF-8 where that is the
 * client's encoding.
 */
function checkText(type: DataType, text: Buffer, { isUtf8: isExpected }: TextEncoding): void {
  const isText = !text.includes(0) && (!isExpected || isUtf8(text))
  if (!isText) throw new ValueError(type, NOT_TEXT)
}

/** What `read` gives; a value that is none of its column's type is refused. */
export function ofType(setting: ColumnSetting, read: () => Buffer): Buffer {
  try {
    return read()
  } catch (error) {
    if (error instanceof ValueError)
      throw new RefusedError(wrongValue(setting, error.message, error.sqlState))
    throw error
  }
}

/** The type of the plain values of a column; null where nobody says. */
export function valueTypeOf({ tokenization, dataType }: ColumnSetting): DataType | null {
  if (tokenization === null) return dataType
  return tokenization.type === 'email' ? 'str' : tokenization.type
}

/** The codec of a type; null for texts and bytes, which stand for themselves. */
export function codecOf(type: DataType | null): TypeCodec | null {
  return type === null || type === 'str' || type === 'bytes' ? null : typeCodecs[type]
}

/**
 * The plain value that the content of a literal, or a parameter in text format, means for a column: the text itself for a
 * column of text; the canonical text of a value of another type; else what bytea reads there, or the text where it has a backslash that
 * bytea would refuse. Throws ValueError, also for hex digits that are none.
 */
export function plainOfText(setting: ColumnSetting, text: Buffer, encoding: TextEncoding): Buffer {
  const type = valueTypeOf(setting)
  if (type !== null && type !== 'bytes') checkText(type, text, encoding)
  if (type === 'str') return text
  const codec = codecOf(type)
  const bytes = () => decodeByteaText(text, 0, text.length) ?? decodeSpacedHex(text) ?? notHex(text)
  return codec === null ? bytes() : (codec.canonical(text) ?? notOf(type!, text))
}

/** A text that begins as the hex form must be it (spec: encryptor-config §10.1); PostgreSQL answers 22023 too. */
function notHex(text: Buffer): Buffer {
  if (looksHex(text, 0, text.length)) throw new ValueError('bytes', '22023')
  return text
}

/** The plain value of a parameter in binary format; `declared` is the type that the client has declared, 0 for none. Throws ValueError. */
export function plainOfBinary(
  setting: ColumnSetting,
  bytes: Buffer,
  declared: number,
  encoding: TextEncoding,
): Buffer {
  const type = valueTypeOf(setting)
  if (type === 'str' || type === 'json' || type === 'jsonb') checkText(type, bytes, encoding)
  const codec = codecOf(type)
  if (codec === null) return bytes
  const given = declared === 0 ? codec : codecsByOid.get(declared)
  const text = given === undefined ? bytes : given.fromBinary(bytes)
  return (text && codec.canonical(text)) ?? notOf(type!, text ?? null)
}

const codecsByOid: ReadonlyMap<number, TypeCodec> = new Map(
  Object.values(typeCodecs).map((codec) => [codec.oid, codec] as const),
)

/** `text` is what the value would be, null where that cannot be told. */
function notOf(type: DataType, text: Buffer | null): never {
  const isOut = INTEGERS.has(type) && WHOLE_NUMBER.test(text?.toString('latin1') ?? '')
  throw new ValueError(type, isOut ? OUT_OF_RANGE : undefined)
}

const INTEGERS = new Set<DataType>(['int16', 'int32', 'int64'])
const WHOLE_NUMBER = /^\s*[+-]?\d+\s*$/
const OUT_OF_RANGE = '22003'

/**
 * A given value as what is stored, in whatever form it is written: raw, or as bytea's hex or escape form, also in a column of another type. Null
 * for what cannot be an envelope, and where the column keeps none; what is returned may be none all the same.
 */
export function storedOf(setting: ColumnSetting, value: Buffer, format: Format): Buffer | null {
  const { length } = value
  if (length < ENVELOPE_SIZE_MIN || setting.tokenization !== null || setting.onEnvelope === 'seal')
    return null
  if (looksHex(value, 0, length))
    return hasTagInHex(value, HEX_PREFIX_SIZE, length) ? decodeByteaHex(value, 0, length) : null
  if (!hasTag(value, 0, length)) return null
  const isText = format !== BINARY_FORMAT || valueTypeOf(setting) === 'str'
  return (isText ? decodeByteaEscape(value, 0, length) : null) ?? value
}

/** `\\x` */
const HEX_PREFIX_SIZE = 2

/** Types under which any protected value may be declared: they stand for the column's plain bytes. */
const plainTypes: readonly number[] = [
  0, // left to the server
  Oid.bytea,
  Oid.text,
  Oid.varchar,
  705, // unknown
  1042, // bpchar
]
const numberTypes = [typeCodecs.int16, typeCodecs.int32, typeCodecs.int64].map(({ oid }) => oid)
const decimalTypes = [typeCodecs.numeric, typeCodecs.float32, typeCodecs.float64].map(
  ({ oid }) => oid,
)
const jsonTypes = [typeCodecs.json.oid, typeCodecs.jsonb.oid]

/** True where the client gives an array of values. */
export function isGivenAsArray(use: ValueUse): boolean {
  return use.kind === 'store' ? use.isArray === true : use.kind === 'search' && use.as === 'array'
}

/** Whether a parameter for the column may be declared as the type `oid`. */
export function acceptsParameterType(setting: ColumnSetting, use: ValueUse, oid: number): boolean {
  if (isGivenAsArray(use)) {
    const element = elementOidOf(oid)
    return oid === 0 || (element !== null && acceptsValueType(setting, element))
  }
  return acceptsValueType(setting, oid)
}

function acceptsValueType(setting: ColumnSetting, oid: number): boolean {
  if (plainTypes.includes(oid)) return true
  const codec = codecOf(valueTypeOf(setting))
  if (codec === null) return false
  if (codec.oid === oid) return true
  const isNumber = [...numberTypes, ...decimalTypes].includes(codec.oid)
  if (isNumber) return numberTypes.includes(oid) || decimalTypes.includes(oid)
  return jsonTypes.includes(codec.oid) && jsonTypes.includes(oid)
}

/**
 * What the database is told that a parameter for the column is: 0, left to the server, but for tokens that are numbers, whose binary
 * format depends on it.
 */
export function storedParameterType(setting: ColumnSetting): number {
  return storedCodec(setting)?.oid ?? 0
}

/** How a token that is a number stands; null where what is stored is bytea or text. */
function storedCodec({ tokenization }: ColumnSetting): TypeCodec | null {
  return codecOf(tokenization?.type === 'email' ? 'str' : (tokenization?.type ?? null))
}

/** Whether what is stored in the column is text, or a number's text, and not bytes. */
export function isStoredAsText({ tokenization }: ColumnSetting): boolean {
  return tokenization !== null && tokenization.type !== 'bytes'
}

/** Gives the stored form of a value, appended from `mark` on as `Column.protect` does it, the form of a parameter. */
export function parameterInPlace(
  setting: ColumnSetting,
  format: Format,
  out: Sink,
  mark: number,
): void {
  if (format === BINARY_FORMAT) {
    const codec = storedCodec(setting)
    if (codec !== null) inPlace(out, mark, (stored) => codec.toBinary(stored) ?? stored)
  } else if (!isStoredAsText(setting)) byteaHexInPlace(out, mark)
}

/** The beginning of a literal before its own backslash; the space keeps the E from becoming part of a word. */
const ESCAPED_HEX = Buffer.from(" E'\\")
const ESCAPED = Buffer.from(" E'")
const QUOTE = Buffer.from("'")

/** Appends the beginning of a literal: the stored form of a value follows, then `endLiteral`. It means the same whichever way the database reads backslashes. */
export function beginLiteral(setting: ColumnSetting, out: Sink): void {
  append(out, isStoredAsText(setting) ? ESCAPED : ESCAPED_HEX)
}

/** Gives the stored form that was appended from `mark` on the form of a literal, and ends it. */
export function endLiteral(setting: ColumnSetting, out: Sink, mark: number): void {
  if (isStoredAsText(setting)) {
    inPlace(out, mark, (stored) =>
      Buffer.from(stored.toString('latin1').replace(/['\\]/g, '\\$&'), 'latin1'),
    )
  } else byteaHexInPlace(out, mark)
  append(out, QUOTE)
}

/** Puts what `convert` makes of what was appended from `mark` on in its place. */
function inPlace(out: Sink, mark: number, convert: (bytes: Buffer) => Buffer): void {
  const converted = convert(Buffer.from(out.bytes.subarray(mark, out.length)))
  out.truncate(mark)
  append(out, converted)
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}

/** The hex form as the server takes it, with white space between the pairs of digits; null where it is not one. */
function decodeSpacedHex(text: Buffer): Buffer | null {
  if (!looksHex(text, 0, text.length)) return null
  const compact = Buffer.allocUnsafe(text.length)
  let length = 0
  for (const byte of text) {
    const isSpace = byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
    if (!isSpace || length % 2 !== 0) compact[length++] = byte
  }
  return decodeByteaHex(compact, 0, length)
}
