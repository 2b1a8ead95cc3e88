import { readFileSync } from 'node:fs'
import { type StoredRecord, TokenStoreError } from './token-store.ts'

/**
 * Reads the token files of the original: BoltDB, version 2 (spec: acra-envelopes §7.5). All numbers are little-endian on the machines
 * that wrote them.
 *
 *     page header, 16 bytes:   0 id (8)   8 flags (2)   10 count (2)   12 overflow pages (4)
 *     meta, behind the header: 0 magic (4)   4 version (4)   8 page size (4)   12 flags (4)   16 root page (8)   24 root sequence (8)
 *                              32 freelist (8)   40 pages (8)   48 transaction (8)   56 checksum, FNV-1a 64 of what is before it (8)
 *     branch element, 16 bytes: 0 key at (4)   4 key size (4)   8 child page (8)
 *     leaf element, 16 bytes:   0 flags (4)   4 key at (4)   8 key size (4)   12 value size (4)
 *     bucket, as a value:       0 root page (8), 0 where a page stands inline behind   8 sequence (8)
 *
 * "At" counts from the element itself. Every place is checked against the file: a damaged file is an error, never a crash.
 */

const MAGIC = 0xed0cdaed
const VERSION = 2
const PAGE_HEADER_SIZE = 16
const ELEMENT_SIZE = 16
const META_SIZE = 64
const CHECKSUM_AT = 56
const BUCKET_HEADER_SIZE = 16
const BRANCH = 0x01
const LEAF = 0x02
const IS_BUCKET = 0x01
const PAGE_SIZE_MIN = 1024
const PAGE_SIZE_MAX = 65_536
/** Pages within pages: no file of tokens is near this. */
const DEPTH_MAX = 64
const TOKENS_BUCKET = Buffer.from('tokens')

/** Whether the bytes are the beginning of a BoltDB file; the first 20 are enough. */
export function looksLikeBolt(bytes: Buffer): boolean {
  return bytes.length >= PAGE_HEADER_SIZE + 4 && bytes.readUInt32LE(PAGE_HEADER_SIZE) === MAGIC
}

/** The records of a file of tokens. Throws TokenStoreError where it is damaged. */
export function* readBoltFile(path: string): Iterable<StoredRecord> {
  const file = new BoltFile(readFileSync(path))
  for (const tokens of file.entries(file.root, 0)) {
    if (!tokens.isBucket || !tokens.key.equals(TOKENS_BUCKET)) continue
    for (const owner of file.bucket(tokens.value, 1)) {
      if (!owner.isBucket) continue
      for (const { key, value, isBucket } of file.bucket(owner.value, 2)) {
        if (!isBucket) yield { bucket: owner.key, key, value }
      }
    }
  }
}

interface Entry {
  readonly key: Buffer
  readonly value: Buffer
  readonly isBucket: boolean
}

class BoltFile {
  /** The page in which the buckets of the file begin. */
  readonly root: number
  readonly #bytes: Buffer
  readonly #pageSize: number
  /** Every page belongs to one place: a file in which one is reached twice is damaged. */
  readonly #seen = new Set<number>()

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    const meta = newestMeta(bytes)
    this.#pageSize = meta.readUInt32LE(8)
    this.root = pageNumber(meta, 16)
  }

  *entries(page: number, depth: number): Iterable<Entry> {
    if (this.#seen.has(page)) throw damaged('its pages go in circles')
    this.#seen.add(page)
    const at = page * this.#pageSize
    const overflow =
      at + PAGE_HEADER_SIZE <= this.#bytes.length ? this.#bytes.readUInt32LE(at + 12) : 0
    yield* this.#page(part(this.#bytes, at, (overflow + 1) * this.#pageSize), depth)
  }

  *bucket(value: Buffer, depth: number): Iterable<Entry> {
    const root = pageNumber(part(value, 0, BUCKET_HEADER_SIZE), 0)
    if (root === 0) yield* this.#page(value.subarray(BUCKET_HEADER_SIZE), depth)
    else yield* this.entries(root, depth)
  }

  *#page(page: Buffer, depth: number): Iterable<Entry> {
    if (depth > DEPTH_MAX) throw damaged('its pages go in circles')
    const header = part(page, 0, PAGE_HEADER_SIZE)
    const flags = header.readUInt16LE(8)
    const count = header.readUInt16LE(10)
    for (let i = 0; i < count; i++) {
      const at = PAGE_HEADER_SIZE + i * ELEMENT_SIZE
      const element = part(page, at, ELEMENT_SIZE)
      if (flags === BRANCH) yield* this.entries(pageNumber(element, 8), depth + 1)
      else if (flags === LEAF) yield leafEntry(page, at, element)
      else throw damaged('a page is of no known kind')
    }
  }
}

function leafEntry(page: Buffer, at: number, element: Buffer): Entry {
  const keyAt = at + element.readUInt32LE(4)
  const keySize = element.readUInt32LE(8)
  return {
    isBucket: (element.readUInt32LE(0) & IS_BUCKET) !== 0,
    key: part(page, keyAt, keySize),
    value: part(page, keyAt + keySize, element.readUInt32LE(12)),
  }
}

/** Of the two metas, each in a page of its own, the valid one with the higher transaction. */
function newestMeta(bytes: Buffer): Buffer {
  const first = validMeta(bytes, PAGE_HEADER_SIZE)
  const sizes = first === null ? [4096, 8192, 16_384, 65_536] : [first.readUInt32LE(8)]
  const others = sizes.map((size) => validMeta(bytes, size + PAGE_HEADER_SIZE))
  const metas = [first, ...others].filter((meta) => meta !== null)
  metas.sort((a, b) => (a.readBigUInt64LE(48) < b.readBigUInt64LE(48) ? 1 : -1))
  if (metas.length === 0) throw damaged('it has no valid meta page')
  return metas[0]
}

function validMeta(bytes: Buffer, at: number): Buffer | null {
  if (at + META_SIZE > bytes.length) return null
  const meta = bytes.subarray(at, at + META_SIZE)
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return null
  const pageSize = meta.readUInt32LE(8)
  if (pageSize < PAGE_SIZE_MIN || pageSize > PAGE_SIZE_MAX) return null
  return fnv1a64(meta.subarray(0, CHECKSUM_AT)) === meta.readBigUInt64LE(CHECKSUM_AT) ? meta : null
}

function fnv1a64(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

function pageNumber(bytes: Buffer, at: number): number {
  const page = bytes.readBigUInt64LE(at)
  if (page > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged('a page is outside of it')
  return Number(page)
}

function part(bytes: Buffer, at: number, size: number): Buffer {
  if (at + size > bytes.length) throw damaged('something is outside of it')
  return bytes.subarray(at, at + size)
}

function damaged(what: string): TokenStoreError {
  return new TokenStoreError('token-store-damaged', `the BoltDB file of tokens is damaged: ${what}`)
}
