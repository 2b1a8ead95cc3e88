import type { Checkpoint } from '../checkpoint.ts'
import { leafHash, MerkleTree } from '../merkle.ts'
import { type Place, placeText, type Report } from './finding.ts'

/** A checkpoint that is known from elsewhere: the history must have been so. */
export type KnownHead = Pick<Checkpoint, 'origin' | 'size' | 'root'>

/** Lines that a checkpoint is about, while they go by. */
interface Stretch {
  readonly checkpoint: Checkpoint
  readonly tree: MerkleTree
  readonly begin: Place
  /** Where its last line stands, though lines are missing before. */
  last: { readonly place: Place; readonly size: number } | null
}

/**
 * Verifies the lines of a log against checkpoints whose signatures have been checked. Each checkpoint carries the peaks of its tree, so that
 * damage before one of them does not spoil the next.
 */
export class CheckpointVerifier {
  /** Lines that are proved by a checkpoint. */
  covered = 0
  readonly #checkpoints: readonly Checkpoint[]
  readonly #known: readonly KnownHead[]
  readonly #report: Report
  /** By the tag of the first line. Chains that begin with the same line in the same second have the same tags. */
  readonly #firsts = new Map<string, number[]>()
  readonly #done = new Set<number>()
  readonly #confirmed = new Set<KnownHead>()
  #stretch: Stretch | null = null
  #highest = -1
  /** Lines in no checkpoint since the last stretch. */
  #loose: { readonly from: Place; count: number } | null = null
  #lastPlace: Place | null = null

  constructor(checkpoints: readonly Checkpoint[], known: readonly KnownHead[], report: Report) {
    this.#checkpoints = checkpoints
    this.#known = known
    this.#report = report
    for (const [at, { firstTag }] of checkpoints.entries()) {
      const same = this.#firsts.get(firstTag)
      if (same === undefined) this.#firsts.set(firstTag, [at])
      else same.push(at)
    }
  }

  line(place: Place, line: Uint8Array, tag: string): void {
    const at = this.#begins(tag)
    if (at !== undefined) this.#open(at, place)
    this.#lastPlace = place
    if (this.#stretch === null) this.#pass(place)
    else this.#append(this.#stretch, place, line, tag)
  }

  /** The checkpoint whose lines begin with this one; none inside the lines of another that are not complete. */
  #begins(tag: string): number | undefined {
    const at = this.#firsts.get(tag)?.find((one) => !this.#done.has(one))
    const open = this.#stretch
    if (open === null || at === undefined) return at
    return open.checkpoint.firstTag === tag && open.tree.size < open.checkpoint.size
      ? undefined
      : at
  }

  #pass(place: Place): void {
    this.#loose ??= { from: place, count: 0 }
    this.#loose.count++
  }

  #append(stretch: Stretch, place: Place, line: Uint8Array, tag: string): void {
    const { tree, checkpoint } = stretch
    tree.append(leafHash(line))
    this.#compare(stretch)
    if (tag === checkpoint.lastTag) {
      if (tree.size >= checkpoint.size) this.#close(stretch, place)
      else stretch.last = { place, size: tree.size }
    } else if (tree.size === checkpoint.size && stretch.last !== null) this.#broken(stretch, place)
  }

  /** The log is over; `isPartial`: files before it may be missing. */
  end(isPartial: boolean): void {
    if (this.#stretch !== null) this.#broken(this.#stretch, this.#lastPlace!)
    this.#tellUnseen(isPartial)
    if (this.#loose !== null) {
      const { from, count } = this.#loose
      const text = `${count} lines from here on are not in a checkpoint yet: they can only be verified by the chain`
      this.#report({ severity: 'warning', kind: 'uncovered', place: from, message: text })
    }
    for (const head of this.#known) {
      if (this.#confirmed.has(head)) continue
      const text = `the known checkpoint of ${head.size} lines of ${head.origin} is not of this history: ${this.#whyNot(head)}`
      this.#error(null, text)
    }
  }

  #open(at: number, place: Place): void {
    const checkpoint = this.#checkpoints[at]!
    if (this.#stretch !== null) this.#broken(this.#stretch, this.#lastPlace ?? place)
    const tree = this.#treeBefore(at)
    if (tree === null) return
    if (at < this.#highest) this.#error(place, 'lines stand behind others that came after them')
    this.#tellSkipped(at, place)
    this.#highest = Math.max(this.#highest, at)
    this.#done.add(at)
    this.#stretch = { checkpoint, tree, begin: place, last: null }
  }

  /** Null where the checkpoint before is not known: then its tree is not. */
  #treeBefore(at: number): MerkleTree | null {
    const { from, origin } = this.#checkpoints[at]!
    if (from === 0) return new MerkleTree()
    const before = this.#checkpoints[at - 1]
    if (before === undefined || before.origin !== origin || before.size !== from) return null
    return new MerkleTree(before.size, before.peaks)
  }

  /** Lines without a checkpoint, and checkpoints without lines, before the checkpoint that begins here. */
  #tellSkipped(at: number, place: Place): void {
    const loose = this.#loose
    this.#loose = null
    if (this.#highest === -1) return
    const skipped = this.#checkpoints.slice(this.#highest + 1, at)
    for (const checkpoint of skipped) this.#missing(checkpoint, loose?.from ?? place)
    if (loose !== null && skipped.length === 0) {
      const text = `${loose.count} lines from here on were added: no checkpoint has them, though there is a later one`
      this.#report({ severity: 'error', kind: 'uncovered', place: loose.from, message: text })
    }
  }

  #close(stretch: Stretch, place: Place): void {
    const { checkpoint, tree } = stretch
    if (tree.size === checkpoint.size && tree.root().equals(checkpoint.root)) {
      this.covered += checkpoint.size - checkpoint.from
      this.#stretch = null
    } else this.#broken(stretch, place)
  }

  #broken({ checkpoint, tree, begin, last }: Stretch, seen: Place): void {
    this.#stretch = null
    const { place: end, size } = last ?? { place: seen, size: tree.size }
    const wanted = checkpoint.size - checkpoint.from
    const found = size - checkpoint.from
    const what =
      found === wanted
        ? 'lines were changed or moved'
        : found < wanted
          ? `${wanted - found} lines are missing`
          : `${found - wanted} lines were added`
    const text = `the lines from here to ${placeText(end)} are not those of the checkpoint of ${timeText(checkpoint)} (${wanted} lines up to ${checkpoint.size}): ${what}`
    this.#error(begin, text)
  }

  #missing({ from, size, ...checkpoint }: Checkpoint, near: Place | null): void {
    const text = `the ${size - from} lines of the checkpoint of ${timeText(checkpoint)} (up to ${size}) are missing, or their first line was changed`
    this.#error(near, text)
  }

  /** Checkpoints whose lines have not gone by. */
  #tellUnseen(isPartial: boolean): void {
    for (const [at, checkpoint] of this.#checkpoints.entries()) {
      if (this.#done.has(at)) continue
      if (at > this.#highest && this.#highest !== -1) {
        const text = `the end of the log is cut off: the ${checkpoint.size - checkpoint.from} lines of the checkpoint of ${timeText(checkpoint)} (up to ${checkpoint.size}) are missing`
        this.#error(this.#lastPlace, text)
      } else if (this.#highest === -1 || at < this.#firstDone()) {
        const text = `the ${checkpoint.size - checkpoint.from} lines of the checkpoint of ${timeText(checkpoint)} (up to ${checkpoint.size}) are not in these files: name the rotated ones too`
        const severity = isPartial && this.#highest !== -1 ? 'warning' : 'error'
        this.#report({ severity, kind: 'checkpoint', place: null, message: text })
      }
    }
  }

  #firstDone(): number {
    return Math.min(...this.#done)
  }

  /** Whether the tree is as a known checkpoint says, where it has that size. */
  #compare({ checkpoint, tree }: Stretch): void {
    for (const head of this.#known) {
      if (head.origin !== checkpoint.origin || head.size !== tree.size) continue
      if (tree.root().equals(head.root)) this.#confirmed.add(head)
    }
  }

  #whyNot(head: KnownHead): string {
    const own = this.#checkpoints.filter(({ origin }) => origin === head.origin)
    if (own.length === 0) return 'the history of that name is gone'
    if (!own.some(({ size }) => size >= head.size)) return 'the log was shorter ever since'
    return 'its lines are missing or others'
  }

  #error(place: Place | null, message: string): void {
    this.#report({ severity: 'error', kind: 'checkpoint', place, message })
  }
}

function timeText({ time }: Pick<Checkpoint, 'time'>): string {
  return new Date(time).toISOString()
}
