/**
 * Finds envelopes inside a larger value and opens them in their places, by the original's rules:
 *
 * 1. Containers are looked for first. One that opens gives way to its plaintext, whatever its container holds besides; of one
 *    that does not, only the first byte is passed over.
 * 2. Where no header of a container was seen at all, bare AcraStructs are opened, then, in the result, bare AcraBlocks. One
 *    that does not open stays as it is, as a whole.
 */
import { copyOf, EMPTY } from '../bytes.ts'
import type { Sink } from '../sink.ts'
import { BLOCK_OVERHEAD, type BlockKey, findBlockEnd, tryOpenBlock } from './acra-block.ts'
import { findStructEnd, type StructPrivateKey, tryOpenStruct } from './acra-struct.ts'
import {
  containedEnvelope,
  containerEnd,
  type EnvelopeKind,
  isContainerHeader,
} from './container.ts'

/**
 * How many times the size of a value is looked at in vain. Envelopes one beside the other need no more than once; more is
 * for containers that begin inside each other, which only an attack has many of.
 */
const EFFORT_FACTOR = 4

/** What is asked for each envelope that is found. */
export interface EnvelopeOpener {
  /**
   * Appends the payload of the AcraBlock or AcraStruct that fills `bytes[start, end)` and returns true; false, nothing
   * appended, where it cannot. What it throws ends the scan.
   */
  open(kind: EnvelopeKind, bytes: Uint8Array, start: number, end: number, out: Sink): boolean
}

/** Opens envelopes with prepared keys, newest first. `context` is the one of AcraStructs; an AcraBlock's key has its own. */
export function openerOf(
  blockKeys: readonly BlockKey[],
  structKeys: readonly StructPrivateKey[],
  context: Uint8Array = EMPTY,
): EnvelopeOpener {
  return {
    open: (kind, bytes, start, end, out) =>
      kind === 'acrablock'
        ? tryOpenBlock(blockKeys, bytes, start, end, out)
        : tryOpenStruct(structKeys, bytes, start, end, out, context),
  }
}

/**
 * Appends `bytes[start, end)` with every envelope that `opener` opens replaced by its payload, and returns true; false,
 * nothing appended, where none was opened. `bytes` must not be the memory of `out`. The time is bounded by the size of the
 * value, whatever is in it.
 */
export function openEnvelopes(
  bytes: Uint8Array,
  start: number,
  end: number,
  opener: EnvelopeOpener,
  out: Sink,
): boolean {
  if (!mayHoldEnvelope(bytes, start, end)) return false
  const containers = replaceAll(findContainer, bytes, start, end, opener, out)
  if (containers !== 'none seen') return containers === 'opened'
  const mark = out.length
  if (replaceAll(findBareStruct, bytes, start, end, opener, out) !== 'opened') {
    return replaceAll(findBareBlock, bytes, start, end, opener, out) === 'opened'
  }
  if (mayHoldEnvelope(out.bytes, mark, out.length)) openBareBlocksAgain(opener, out, mark)
  return true
}

/**
 * Whether `isWanted` is true for any AcraBlock or AcraStruct that may begin anywhere in `bytes[start, end)`: in a container or bare, also
 * inside or behind something that is none. The time is bounded as that of `openEnvelopes`.
 */
export function someEnvelope(
  bytes: Uint8Array,
  start: number,
  end: number,
  isWanted: (kind: EnvelopeKind, start: number, end: number) => boolean,
): boolean {
  let effort = EFFORT_FACTOR * (end - start)
  const isIt = (kind: EnvelopeKind, at: number, envelopeEnd: number) => {
    if (envelopeEnd === -1 || envelopeEnd - at > effort) return false
    effort -= envelopeEnd - at
    return isWanted(kind, at, envelopeEnd)
  }
  let at = findRun(BARE_BYTE, BLOCK_TAG_SIZE, bytes, start, end)
  for (; at !== -1; at = findRun(BARE_BYTE, BLOCK_TAG_SIZE, bytes, at + 1, end)) {
    if (isIt('acrastruct', at, findStructEnd(bytes, at, end))) return true
    if (isIt('acrablock', at, findBlockEnd(bytes, at, end))) return true
  }
  return false
}

/** A cheap test: false only where `openEnvelopes` would find nothing to try in `bytes[start, end)`. */
export function mayHoldEnvelope(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= BLOCK_OVERHEAD) return false
  return (
    findContainerHeader(bytes, start, end) !== -1 ||
    findRun(BARE_BYTE, BLOCK_TAG_SIZE, bytes, start, end - BLOCK_OVERHEAD + BLOCK_TAG_SIZE) !== -1
  )
}

const CONTAINER_BYTE = 0x25
const CONTAINER_TAG_SIZE = 3
const BARE_BYTE = 0x22
const BLOCK_TAG_SIZE = 4
const STRUCT_TAG_SIZE = 8

/** Something at `at` that looks like an envelope. */
interface Found {
  readonly at: number
  /** Null where it cannot be one after all, but has to be counted as seen. */
  readonly envelope: { readonly kind: EnvelopeKind; start: number; end: number } | null
  /** Where the search goes on when it has been opened, and when not. */
  readonly afterOpened: number
  readonly afterFailed: number
}

type Find = (bytes: Uint8Array, from: number, end: number) => Found | null

/** Appends the value with what `find` finds replaced; nothing where nothing was opened. */
function replaceAll(
  find: Find,
  bytes: Uint8Array,
  start: number,
  end: number,
  opener: EnvelopeOpener,
  out: Sink,
): 'none seen' | 'none opened' | 'opened' {
  const mark = out.length
  let result: 'none seen' | 'none opened' | 'opened' = 'none seen'
  let effort = EFFORT_FACTOR * (end - start)
  let copied = start
  let at = start
  for (let found = find(bytes, at, end); found !== null; found = find(bytes, at, end)) {
    if (result === 'none seen') result = 'none opened'
    at = found.afterFailed
    const { envelope } = found
    if (envelope === null || envelope.end - envelope.start > effort) continue
    append(out, bytes, copied, found.at)
    copied = found.at
    if (opener.open(envelope.kind, bytes, envelope.start, envelope.end, out)) {
      result = 'opened'
      copied = at = found.afterOpened
    } else {
      effort -= envelope.end - envelope.start
    }
  }
  if (result === 'opened') append(out, bytes, copied, end)
  else if (out.length > mark) out.truncate(mark)
  return result
}

/** Looks for AcraBlocks in what was appended from `mark` on, AcraStructs being opened already. */
function openBareBlocksAgain(opener: EnvelopeOpener, out: Sink, mark: number): void {
  const value = copyOf(out.bytes, mark, out.length)
  out.truncate(mark)
  const result = replaceAll(findBareBlock, value, 0, value.length, opener, out)
  if (result !== 'opened') append(out, value, 0, value.length)
  value.fill(0)
}

function findContainer(bytes: Uint8Array, from: number, end: number): Found | null {
  const at = findContainerHeader(bytes, from, end)
  if (at === -1) return null
  const envelope = containedEnvelope(bytes, at, end)
  return { at, envelope, afterOpened: containerEnd(bytes, at, end), afterFailed: at + 1 }
}

function findBareStruct(bytes: Uint8Array, from: number, end: number): Found | null {
  return findBare('acrastruct', STRUCT_TAG_SIZE, findStructEnd, bytes, from, end)
}

function findBareBlock(bytes: Uint8Array, from: number, end: number): Found | null {
  return findBare('acrablock', BLOCK_TAG_SIZE, findBlockEnd, bytes, from, end)
}

function findBare(
  kind: EnvelopeKind,
  tagSize: number,
  findEnd: (bytes: Uint8Array, start: number, end: number) => number,
  bytes: Uint8Array,
  from: number,
  end: number,
): Found | null {
  let at = findRun(BARE_BYTE, tagSize, bytes, from, end)
  for (; at !== -1; at = findRun(BARE_BYTE, tagSize, bytes, at + 1, end)) {
    const envelopeEnd = findEnd(bytes, at, end)
    if (envelopeEnd === -1) continue
    const envelope = { kind, start: at, end: envelopeEnd }
    return { at, envelope, afterOpened: envelopeEnd, afterFailed: envelopeEnd }
  }
  return null
}

function findContainerHeader(bytes: Uint8Array, from: number, end: number): number {
  let at = findRun(CONTAINER_BYTE, CONTAINER_TAG_SIZE, bytes, from, end)
  while (at !== -1 && !isContainerHeader(bytes, at, end)) {
    at = findRun(CONTAINER_BYTE, CONTAINER_TAG_SIZE, bytes, at + 1, end)
  }
  return at
}

/** The first index in `bytes[from, end)` of `count` times `byte`; -1 where there is none. Looks at every `count`-th byte. */
function findRun(
  byte: number,
  count: number,
  bytes: Uint8Array,
  from: number,
  end: number,
): number {
  let at = from + count - 1
  while (at < end) {
    if (bytes[at] !== byte) {
      at += count
      continue
    }
    let first = at
    while (first > from && bytes[first - 1] === byte) first--
    let size = at - first + 1
    while (size < count && first + size < end && bytes[first + size] === byte) size++
    if (size >= count) return first
    at = first + size + count
  }
  return -1
}

function append(out: Sink, bytes: Uint8Array, start: number, end: number): void {
  if (start === end) return
  const at = out.reserve(end - start)
  out.bytes.set(bytes.subarray(start, end), at)
}
