/**
 * The container that Acra writes around every envelope. Older data stand without it.
 *
 *     0   3   tag, 25 25 25
 *     3   8   size of the whole, LE64
 *     11  1   kind: F0 AcraBlock, F1 AcraStruct
 *     12  n   the envelope
 */
import { EMPTY, readLe64, writeLe64 } from '../bytes.ts'
import type { Sink } from '../sink.ts'
import { BLOCK_OVERHEAD, type BlockKey, findBlockEnd, sealBlock } from './acra-block.ts'
import { findStructEnd, STRUCT_OVERHEAD, type StructPublicKey, sealStruct } from './acra-struct.ts'

/** What a container is larger than its envelope, in bytes. */
export const CONTAINER_OVERHEAD = 12

const TAG_BYTE = 0x25
const TAG_SIZE = 3
const KIND_AT = 11
const BLOCK_ID = 0xf0
const STRUCT_ID = 0xf1

/** The kinds of envelopes, by the names that the encryptor configuration has for them. */
export type EnvelopeKind = 'acrablock' | 'acrastruct'

/** An envelope that begins a value, where `bytes[start, end)` is the AcraBlock or AcraStruct itself, without its container. */
export interface Envelope {
  readonly kind: EnvelopeKind
  readonly contained: boolean
  readonly start: number
  readonly end: number
  /**
   * Whether the value ends where the envelope ends. Only such a value is encrypted as a whole: what follows an AcraBlock is
   * not, though the original takes the two together for an AcraBlock.
   */
  readonly whole: boolean
}

/** Appends `plain` as an AcraBlock in a container. Throws BlockError; nothing is appended then. */
export function sealBlockInContainer(key: BlockKey, plain: Uint8Array, out: Sink): void {
  sealInContainer(BLOCK_ID, BLOCK_OVERHEAD + plain.length, out, () => sealBlock(key, plain, out))
}

/** Appends `plain` as an AcraStruct in a container. Throws StructError; nothing is appended then. */
export function sealStructInContainer(
  key: StructPublicKey,
  plain: Uint8Array,
  out: Sink,
  context: Uint8Array = EMPTY,
): void {
  sealInContainer(STRUCT_ID, STRUCT_OVERHEAD + plain.length, out, () =>
    sealStruct(key, plain, out, context),
  )
}

/** A bare envelope in a container, `CONTAINER_OVERHEAD` bytes larger; null where the bytes are none. */
export function encodeContainer(envelope: Uint8Array): Uint8Array | null {
  const found = identify(envelope)
  if (found === null || found.contained || !found.whole) return null
  const container = new Uint8Array(CONTAINER_OVERHEAD + envelope.length)
  writeHeader(container, 0, found.kind === 'acrablock' ? BLOCK_ID : STRUCT_ID, envelope.length)
  container.set(envelope, CONTAINER_OVERHEAD)
  return container
}

/** The envelope that `bytes[start, end)` begins with, in a container or bare; null where there is none. */
export function identify(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): Envelope | null {
  if (isContainerHeader(bytes, start, end)) return containedEnvelope(bytes, start, end)
  if (findStructEnd(bytes, start, end) === end) {
    return { kind: 'acrastruct', contained: false, start, end, whole: true }
  }
  const blockEnd = findBlockEnd(bytes, start, end)
  if (blockEnd === -1) return null
  return { kind: 'acrablock', contained: false, start, end: blockEnd, whole: blockEnd === end }
}

/** Whether a container of a known kind seems to begin at `bytes[start]`; its size has not been looked at. */
export function isContainerHeader(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= CONTAINER_OVERHEAD) return false
  for (let i = start; i < start + TAG_SIZE; i++) if (bytes[i] !== TAG_BYTE) return false
  const id = bytes[start + KIND_AT]
  return id === BLOCK_ID || id === STRUCT_ID
}

/** Where the container ends whose header is at `bytes[start]`; -1 where that is beyond `end` or inside the header. */
export function containerEnd(bytes: Uint8Array, start: number, end: number): number {
  const size = readLe64(bytes, start + TAG_SIZE)
  return size >= CONTAINER_OVERHEAD && size <= end - start ? start + size : -1
}

/** The envelope in the container whose header is at `bytes[start]`; null where the two do not fit together. */
export function containedEnvelope(bytes: Uint8Array, start: number, end: number): Envelope | null {
  const outerEnd = containerEnd(bytes, start, end)
  if (outerEnd === -1) return null
  const innerStart = start + CONTAINER_OVERHEAD
  const kind = bytes[start + KIND_AT] === BLOCK_ID ? 'acrablock' : 'acrastruct'
  const findEnd = kind === 'acrablock' ? findBlockEnd : findStructEnd
  const innerEnd = findEnd(bytes, innerStart, outerEnd)
  if (innerEnd === -1 || (kind === 'acrastruct' && innerEnd !== outerEnd)) return null
  return { kind, contained: true, start: innerStart, end: innerEnd, whole: innerEnd === end }
}

function sealInContainer(id: number, innerSize: number, out: Sink, seal: () => void): void {
  const mark = out.length
  const at = out.reserve(CONTAINER_OVERHEAD)
  writeHeader(out.bytes, at, id, innerSize)
  try {
    seal()
  } catch (error) {
    out.truncate(mark)
    throw error
  }
}

function writeHeader(bytes: Uint8Array, at: number, id: number, innerSize: number): void {
  bytes.fill(TAG_BYTE, at, at + TAG_SIZE)
  writeLe64(bytes, at + TAG_SIZE, CONTAINER_OVERHEAD + innerSize)
  bytes[at + KIND_AT] = id
}
