/**
 * The PostgreSQL protocol as bytes: cutting a stream into frames, decoding and encoding messages, the text forms of
 * types. Nothing here knows a socket, a statement's meaning or a key.
 */
export { arrayOidOf, arrayOids, elementOidOf } from './array-types.ts'
export {
  type ArrayElements,
  type BinaryArray,
  decodeArrayBinary,
  decodeArrayText,
  encodeArrayBinary,
  encodeArrayText,
} from './arrays.ts'
export {
  AuthenticationRequest,
  decodeAuthentication,
  decodeSaslData,
  decodeSaslInitialResponse,
  decodeSaslMechanisms,
  decodeSaslResponse,
  encodeSaslData,
  encodeSaslInitialResponse,
  encodeSaslMechanisms,
  encodeSaslResponse,
} from './authentication.ts'
export {
  Backend,
  type BackendKeyData,
  decodeCommandComplete,
  decodeParameterDescription,
  decodeParameterStatus,
  decodeReadyForQuery,
  type ErrorReport,
  encodeErrorResponse,
  type FieldType,
  isFatal,
  type NegotiateProtocolVersion,
  openDataRow,
  type ParameterStatus,
  retypeParameterDescription,
  retypeRowDescription,
  type TransactionStatus,
} from './backend.ts'
export { type TypeCodec, typeCodecs } from './codecs/index.ts'
export {
  CopyCutter,
  type CopyField,
  type CopyFormat,
  type CopyRecord,
  fieldsOf,
} from './copy.ts'
export { CopyRowWriter } from './copy-writer.ts'
export {
  FrameCutter,
  type FrameCutterOptions,
  HEADER_SIZE,
  messageTypes,
  type Oversized,
  type Take,
} from './frames.ts'
export {
  BINARY_FORMAT,
  type Bind,
  beginBind,
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeQuery,
  decodeTarget,
  type Execute,
  encodeBindWithout,
  encodeParse,
  encodeQuery,
  endBind,
  type Format,
  Frontend,
  formatAt,
  openParameters,
  type Parse,
  type Target,
  TEXT_FORMAT,
  type TextRange,
} from './frontend.ts'
export { MessageReader } from './reader.ts'
export {
  type CancelRequest,
  encodeCancelRequest,
  encodeGssEncryptionRequest,
  encodeSslRequest,
  encodeStartupMessage,
  type StartupMessage,
  type StartupPacket,
  StartupReader,
} from './startup.ts'
export {
  byteaHexInPlace,
  decodeByteaEscape,
  decodeByteaHex,
  decodeByteaText,
  encodeByteaEscape,
  encodeByteaHex,
  isByteaEscape,
  looksHex,
  Oid,
} from './types.ts'
export { ValueReader } from './values.ts'
export { MessageWriter } from './writer.ts'
