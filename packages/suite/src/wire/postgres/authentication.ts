import type { BufferSink } from '../../foundation/index.ts'
import { Backend } from './backend.ts'
import { HEADER_SIZE } from './frames.ts'
import { Frontend } from './frontend.ts'
import { MessageReader } from './reader.ts'
import { MessageWriter } from './writer.ts'

/** What an Authentication message asks for or says (manual, "AuthenticationOk" and its neighbours). */
export const AuthenticationRequest = {
  ok: 0,
  cleartextPassword: 3,
  md5Password: 5,
  sasl: 10,
  saslContinue: 11,
  saslFinal: 12,
} as const

/** The number of an Authentication message. */
export function decodeAuthentication(bytes: Buffer, start: number, end: number): number {
  return new MessageReader(bytes, start + HEADER_SIZE, end).int32()
}

/** The mechanisms that AuthenticationSASL offers, in the order of the server's preference. */
export function decodeSaslMechanisms(bytes: Buffer, start: number, end: number): string[] {
  const reader = new MessageReader(bytes, start + HEADER_SIZE + 4, end)
  const mechanisms: string[] = []
  for (let name = reader.latin1(); name !== ''; name = reader.latin1()) mechanisms.push(name)
  reader.finish()
  return mechanisms
}

/** What AuthenticationSASLContinue and AuthenticationSASLFinal carry. */
export function decodeSaslData(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start + HEADER_SIZE + 4, end)
}

/** Appends AuthenticationSASL. */
export function encodeSaslMechanisms(mechanisms: readonly string[], sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Backend.authentication)
  writer.int32(AuthenticationRequest.sasl)
  for (const mechanism of mechanisms) writer.latin1(mechanism)
  writer.byte(0)
  writer.endFrame()
}

/** Appends AuthenticationSASLContinue or AuthenticationSASLFinal. */
export function encodeSaslData(request: number, data: string, sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Backend.authentication)
  writer.int32(request)
  writer.bytes(Buffer.from(data, 'latin1'))
  writer.endFrame()
}

/** The size of an initial response that is not there. */
const NO_RESPONSE = -1

export interface SaslInitialResponse {
  readonly mechanism: string
  readonly data: string
}

/** The client's first answer to AuthenticationSASL. Throws ProtocolError where the sizes do not fit. */
export function decodeSaslInitialResponse(
  bytes: Buffer,
  start: number,
  end: number,
): SaslInitialResponse {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const mechanism = reader.latin1()
  const size = reader.int32()
  const at = size === NO_RESPONSE ? reader.at : reader.skip(size)
  const data = bytes.toString('latin1', at, reader.at)
  reader.finish()
  return { mechanism, data }
}

/** The client's further answers. */
export function decodeSaslResponse(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start + HEADER_SIZE, end)
}

/** Appends SASLInitialResponse. */
export function encodeSaslInitialResponse(
  { mechanism, data }: SaslInitialResponse,
  sink: BufferSink,
): void {
  const writer = new MessageWriter(sink)
  const content = Buffer.from(data, 'latin1')
  writer.beginFrame(Frontend.password)
  writer.latin1(mechanism)
  writer.int32(content.length)
  writer.bytes(content)
  writer.endFrame()
}

/** Appends SASLResponse. */
export function encodeSaslResponse(data: string, sink: BufferSink): void {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Frontend.password)
  writer.bytes(Buffer.from(data, 'latin1'))
  writer.endFrame()
}
