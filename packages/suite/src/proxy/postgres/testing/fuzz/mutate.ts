/** Makes bad streams of messages out of good ones. */
import type { Random } from '../random.ts'

/** Lengths that a careless reader would believe. */
const LENGTHS = [0, 1, 3, 4, 5, 10_000, 65_536, 2 ** 24, 2 ** 30, 2 ** 31 - 1, -1, -(2 ** 31)]
const GARBAGE_MAX = 64
const HEADER_SIZE = 5

type Mutation = (frames: Buffer[], at: number, random: Random, others: readonly Buffer[]) => void

const mutations: readonly Mutation[] = [
  // Bits.
  (frames, at, random) => {
    const frame = Buffer.from(frames[at]!)
    for (let left = 1 + random.below(8); left > 0; left--) {
      frame[random.below(frame.length)]! ^= 1 << random.below(8)
    }
    frames[at] = frame
  },
  // A length that is another, the bytes as they were.
  (frames, at, random) => {
    const frame = Buffer.from(frames[at]!)
    const near = (frame.readInt32BE(1) + random.below(9) - 4) | 0
    frame.writeInt32BE(random.chance(0.5) ? near : random.pick(LENGTHS), 1)
    frames[at] = frame
  },
  // A number inside that is another: counts and lengths of values.
  (frames, at, random) => {
    const frame = Buffer.from(frames[at]!)
    if (frame.length < 9) return
    const place = 5 + random.below(frame.length - 8)
    if (random.chance(0.5)) frame.writeInt32BE(random.pick(LENGTHS), place)
    else frame.writeUInt16BE(random.pick([0, 1, 2, 255, 32_767, 65_535]), place)
    frames[at] = frame
  },
  // A body that ends too early, with a length that says so or not.
  (frames, at, random) => {
    const frame = Buffer.from(frames[at]!.subarray(0, 5 + random.below(frames[at]!.length - 4)))
    if (random.chance(0.5)) frame.writeInt32BE(frame.length - 1, 1)
    frames[at] = frame
  },
  (frames, at) => frames.splice(at, 0, frames[at]!),
  (frames, at) => frames.splice(at, 1),
  (frames, at, random) => {
    const other = random.below(frames.length)
    const frame = frames[at]!
    frames[at] = frames[other]!
    frames[other] = frame
  },
  // Another type.
  (frames, at, random) => {
    const frame = Buffer.from(frames[at]!)
    frame[0] = random.below(256)
    frames[at] = frame
  },
  (frames, at, random, others) => frames.splice(at, 0, random.pick(others)),
  (frames, at, random) => frames.splice(at, 0, garbage(random)),
]

/** The frames, a few of them bad, or in another order, or with others between them. */
export function mutate(
  frames: readonly Buffer[],
  random: Random,
  others: readonly Buffer[],
): Buffer[] {
  const changed = [...frames]
  for (let left = random.below(4); left > 0 && changed.length > 0; left--) {
    const at = random.below(changed.length)
    // What is garbage already has no length to change.
    if (changed[at]!.length >= HEADER_SIZE) random.pick(mutations)(changed, at, random, others)
  }
  return changed
}

function garbage(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + random.below(GARBAGE_MAX) }, () => random.below(256)))
}
