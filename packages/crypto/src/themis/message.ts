/**
 * Secure Message between holders of P-256 keys. Numbers are LE32.
 *
 *     encrypted                                     signed
 *     0  4  0x26042720                              0    4  0x26042620
 *     4  4  size of the whole                       4    4  message size M
 *     8  n  Secure Cell under the agreed secret     8    4  signature size S
 *                                                   12   M  message
 *                                                   12+M S  DER ECDSA signature over SHA-256 of the message
 *
 * The cell's key is the shared X coordinate, 32 bytes; there is no context. What follows a signature is passed over: some
 * Themis wrappers leave zero bytes there.
 */
import { copyOf, EMPTY, readLe32, ValueSink, writeLe32 } from '../bytes.ts'
import { AcraError } from '../errors.ts'
import type { CellParts, Primitives } from '../primitives.ts'
import {
  CELL_OVERHEAD,
  cellParts,
  checkPlaintext,
  type PlaintextErrorCode,
  sealCell,
} from './cell.ts'
import { expandedPointOf, KeyError, pointOf, scalarOf } from './keys.ts'

/** Size of the fields before the cell of an encrypted message, in bytes. */
export const MESSAGE_HEADER_SIZE = 8

const ENCRYPTED = 0x2604_2720
const SIGNED = 0x2604_2620
const SIGNED_HEADER_SIZE = 12

export type MessageErrorCode = 'message-not-opened' | 'message-not-verified' | PlaintextErrorCode

/** A Secure Message could not be made, opened or verified. */
export class MessageError extends AcraError<MessageErrorCode> {}

/** Encrypts for the owner of `publicKey`, who opens it with the sender's public key. Throws MessageError or KeyError. */
export function encryptMessage(
  p: Primitives,
  privateKey: Uint8Array,
  publicKey: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  checkPlaintext(plain, MessageError)
  const secret = agree(p, privateKey, publicKey)
  const cell = sealCell(p, secret, plain)
  secret.fill(0)
  const message = new Uint8Array(MESSAGE_HEADER_SIZE + cell.length)
  writeMessageHeader(message, 0, plain.length)
  message.set(cell, MESSAGE_HEADER_SIZE)
  return message
}

/** Opens what the owner of `publicKey` has encrypted for the owner of `privateKey`. Throws MessageError or KeyError. */
export function decryptMessage(
  p: Primitives,
  privateKey: Uint8Array,
  publicKey: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const secret = agree(p, privateKey, publicKey)
  const cell = messageCell(message, 0, message.length)
  const out = new ValueSink()
  const opened = cell !== null && p.openCell(secret, EMPTY, cell, out)
  secret.fill(0)
  if (!opened) {
    throw new MessageError('message-not-opened', 'the message cannot be opened with these keys')
  }
  return out.take()
}

/** `message` with a signature that anyone who has the public key can verify. Throws MessageError or KeyError. */
export function signMessage(
  p: Primitives,
  privateKey: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  checkPlaintext(message, MessageError)
  const scalar = scalarOf(privateKey)
  const signature = p.sign(scalar, message)
  scalar.fill(0)
  const signed = new Uint8Array(SIGNED_HEADER_SIZE + message.length + signature.length)
  writeLe32(signed, 0, SIGNED)
  writeLe32(signed, 4, message.length)
  writeLe32(signed, 8, signature.length)
  signed.set(message, SIGNED_HEADER_SIZE)
  signed.set(signature, SIGNED_HEADER_SIZE + message.length)
  return signed
}

/** The message that the owner of `publicKey` has signed. Throws MessageError or KeyError. */
export function verifyMessage(
  p: Primitives,
  publicKey: Uint8Array,
  signed: Uint8Array,
): Uint8Array {
  const point = pointOf(publicKey)
  const parts = signedParts(signed)
  if (parts === null || !p.verify(point, parts.message, parts.signature)) {
    throw new MessageError('message-not-verified', 'the signature is not one of this key')
  }
  return copyOf(parts.message)
}

/** Writes the first 8 bytes of an encrypted message; a cell of `plainSize` bytes follows. */
export function writeMessageHeader(out: Uint8Array, at: number, plainSize: number): void {
  writeLe32(out, at, ENCRYPTED)
  writeLe32(out, at + 4, MESSAGE_HEADER_SIZE + CELL_OVERHEAD + plainSize)
}

/** The cell of the encrypted message that fills `bytes[start, end)`; null where there is none. */
export function messageCell(bytes: Uint8Array, start: number, end: number): CellParts | null {
  if (end - start < MESSAGE_HEADER_SIZE || readLe32(bytes, start) !== ENCRYPTED) return null
  if (readLe32(bytes, start + 4) !== end - start) return null
  return cellParts(bytes, start + MESSAGE_HEADER_SIZE, end)
}

function signedParts(bytes: Uint8Array): { message: Uint8Array; signature: Uint8Array } | null {
  if (bytes.length < SIGNED_HEADER_SIZE || readLe32(bytes, 0) !== SIGNED) return null
  const messageSize = readLe32(bytes, 4)
  const signatureSize = readLe32(bytes, 8)
  const signatureAt = SIGNED_HEADER_SIZE + messageSize
  if (messageSize === 0 || bytes.length < signatureAt + signatureSize) return null
  return {
    message: bytes.subarray(SIGNED_HEADER_SIZE, signatureAt),
    signature: bytes.subarray(signatureAt, signatureAt + signatureSize),
  }
}

function agree(p: Primitives, privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const peer = expandedPointOf(p, publicKey)
  const scalar = scalarOf(privateKey)
  const own = p.agreementKey(scalar)
  scalar.fill(0)
  const secret = own.agree(peer)
  own.wipe()
  if (secret === null) throw new KeyError('key-malformed', 'the keys do not agree on a secret')
  return secret
}
