import { hash, timingSafeEqual } from 'node:crypto'

/** Bytes of a hash. */
export const HASH_SIZE = 32
/** Further than a count can go: sizes are exact numbers. */
const SIZE_MAX = Number.MAX_SAFE_INTEGER

const LEAF = Buffer.of(0)
/** Filled anew for every node. */
const NODE = Buffer.alloc(1 + 2 * HASH_SIZE, 1)
const EMPTY = sha256(Buffer.alloc(0))

/** The hash of a leaf: `SHA-256(0x00 ‖ line)`. spec: RFC 9162 §2.1.1 */
export function leafHash(line: Uint8Array): Buffer {
  return sha256(Buffer.concat([LEAF, line]))
}

/** `SHA-256(0x01 ‖ left ‖ right)`. */
function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(nodeText(latin1(left), latin1(right)), 'binary')
}

function nodeText(left: string, right: string): string {
  NODE.write(left, 1, 'binary')
  NODE.write(right, 1 + HASH_SIZE, 'binary')
  return hash('sha256', NODE, 'binary')
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/**
 * A Merkle tree that grows (RFC 9162 §2.1), without its leaves: the roots of its whole subtrees, largest first, are all that is
 * needed to go on.
 */
export class MerkleTree {
  #size: number
  /** In latin1: text is what a hash gives and takes fastest, by far. */
  readonly #peaks: string[]

  /** A tree of `size` leaves goes on from its peaks. @throws where the size has another number of peaks. */
  constructor(size = 0, peaks: readonly Uint8Array[] = []) {
    if (!Number.isSafeInteger(size) || size < 0 || peaks.length !== peakCount(size))
      throw new TypeError('these are not the peaks of a tree of that size')
    this.#size = size
    this.#peaks = peaks.map(latin1)
  }

  get size(): number {
    return this.#size
  }

  get peaks(): readonly Buffer[] {
    return this.#peaks.map((peak) => Buffer.from(peak, 'binary'))
  }

  append(leaf: Uint8Array): void {
    this.#append(latin1(leaf))
  }

  /** A line as text, which stands for its UTF-8. */
  appendLine(line: string): void {
    this.#append(hash('sha256', `\0${line}`, 'binary'))
  }

  #append(leaf: string): void {
    if (this.#size === SIZE_MAX) throw new RangeError('the tree is full')
    let peak = leaf
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      peak = nodeText(this.#peaks.pop()!, peak)
    }
    this.#peaks.push(peak)
    this.#size++
  }

  root(): Buffer {
    const peaks = this.peaks
    const last = peaks.at(-1)
    if (last === undefined) return EMPTY
    return peaks.slice(0, -1).reduceRight<Buffer>((right, left) => nodeHash(left, right), last)
  }
}

/** Leaves from `from` up to, and without, `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The subtrees whose roots prove that leaf `index` stands in the tree of `size` leaves. spec: RFC 9162 §2.1.3.1 */
export function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      ranges.unshift({ from: middle, to })
      to = middle
    } else {
      ranges.unshift({ from, to: middle })
      from = middle
    }
  }
  return ranges
}

/** The subtrees whose roots prove that a tree of `older` leaves, at least one, has grown into one of `size`. spec: RFC 9162 §2.1.4.1 */
export function consistencyRanges(older: number, size: number): Range[] {
  const ranges: Range[] = []
  let [from, to] = [0, size]
  let isWhole = true
  while (older !== to) {
    const middle = from + split(to - from)
    if (older <= middle) {
      ranges.unshift({ from: middle, to })
      to = middle
    } else {
      ranges.unshift({ from, to: middle })
      from = middle
      isWhole = false
    }
  }
  if (!isWhole) ranges.unshift({ from, to })
  return ranges
}

/** Whether `path` shows that `leaf` is number `index` of the tree with that size and root. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  { size, root }: { readonly size: number; readonly root: Uint8Array },
  path: readonly Uint8Array[],
): boolean {
  if (index < 0 || index >= size) return false
  const steps = inclusionRanges(index, size)
  if (steps.length !== path.length) return false
  const found = steps.reduce((node, step, at) => {
    const sibling = path[at]!
    return step.from > index ? nodeHash(node, sibling) : nodeHash(sibling, node)
  }, leaf)
  return isSame(found, root)
}

interface Head {
  readonly size: number
  readonly root: Uint8Array
}

/** Whether `path` shows that the newer tree begins with all leaves of the older one. */
export function verifyConsistency(older: Head, newer: Head, path: readonly Uint8Array[]): boolean {
  if (older.size === 0) return path.length === 0
  if (older.size > newer.size) return false
  const steps = consistencyRanges(older.size, newer.size)
  if (steps.length !== path.length) return false
  // The first step is the subtree that both trees end with, where it is not the older tree itself.
  const rest = [...steps.keys()]
  const first = steps[0]
  const startsInside = first !== undefined && first.to === older.size
  const start = startsInside ? path[rest.shift()!]! : older.root
  let [old, now]: [Uint8Array, Uint8Array] = [start, start]
  for (const at of rest) {
    const sibling = path[at]!
    if (steps[at]!.from >= older.size) now = nodeHash(now, sibling)
    else {
      old = nodeHash(sibling, old)
      now = nodeHash(sibling, now)
    }
  }
  return isSame(old, older.root) && isSame(now, newer.root)
}

/** Finds the roots of subtrees while the leaves go by, in order, once. */
export class RangeRoots {
  readonly #ranges: readonly Range[]
  readonly #trees: readonly MerkleTree[]
  readonly #order: readonly number[]
  #at = 0
  #next = 0

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges
    this.#trees = ranges.map(() => new MerkleTree())
    this.#order = [...ranges.keys()].sort((a, b) => ranges[a]!.from - ranges[b]!.from)
  }

  leaf(leaf: Buffer): void {
    const index = this.#next++
    while (this.#at < this.#order.length && this.#ranges[this.#order[this.#at]!]!.to <= index)
      this.#at++
    const one = this.#order[this.#at]
    if (one !== undefined && this.#ranges[one]!.from <= index) this.#trees[one]!.append(leaf)
  }

  /** In the order of the ranges; null where not all leaves have gone by. */
  roots(): readonly Buffer[] | null {
    const isDone = this.#trees.every((tree, at) => {
      const { from, to } = this.#ranges[at]!
      return tree.size === to - from
    })
    return isDone ? this.#trees.map((tree) => tree.root()) : null
  }
}

/** The largest power of two below `size`, which is at least 2. */
function split(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

function peakCount(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}
