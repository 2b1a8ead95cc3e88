import type { KeyRef } from '../../key-ref.ts'

/** A change of a keystore that may be cut off anywhere. */
export interface Change {
  readonly name: string
  readonly ref: KeyRef
  /** How many versions there are before. */
  readonly versions: number
  /** What is called on `keystore`, in a process of its own. */
  readonly call: string
  /** Whether `found` is what the change leads to. */
  isDone(before: readonly string[], found: readonly string[]): boolean
  /** Where there may be more than the old versions, or more than the new ones: the new ones. */
  readonly wanted?: readonly string[]
}

const pair: KeyRef = { purpose: 'storage', owner: 'someid' }
const symmetric: KeyRef = { purpose: 'hmac', owner: 'someid' }

const same = (a: readonly string[], b: readonly string[]) => a.join() === b.join()
const isRotated: Change['isDone'] = (before, found) =>
  found.length === before.length + 1 && same(found.slice(1), before)
const call = (method: string, ref: KeyRef, ...more: readonly unknown[]) =>
  `${method}(${[ref, ...more].map((word) => JSON.stringify(word)).join()})`

export const changes: readonly Change[] = [
  {
    name: 'making the first key of a store',
    ref: symmetric,
    versions: 0,
    call: call('generate', symmetric),
    isDone: isRotated,
  },
  {
    name: 'rotating a pair',
    ref: pair,
    versions: 2,
    call: call('generate', pair),
    isDone: isRotated,
  },
  {
    name: 'rotating a symmetric key',
    ref: symmetric,
    versions: 1,
    call: call('generate', symmetric),
    isDone: isRotated,
  },
  {
    name: 'destroying the only version of a pair',
    ref: pair,
    versions: 1,
    call: call('destroy', pair, 1),
    isDone: (_, found) => found.length === 0,
  },
  {
    name: 'destroying a rotated pair',
    ref: pair,
    versions: 3,
    call: call('destroy', pair, 2),
    isDone: (before, found) => same(found, before.slice(0, -1)),
  },
  {
    name: 'putting one version in the place of two',
    ref: symmetric,
    versions: 2,
    call: `put(${JSON.stringify(symmetric)}, [{ secret: new Uint8Array(32).fill(7), publicKey: null }])`,
    isDone: (_, found) => same(found, ['07'.repeat(32)]),
    wanted: ['07'.repeat(32)],
  },
  {
    name: 'putting the public half of a peer',
    ref: { purpose: 'transport-connector', owner: 'someid' },
    versions: 0,
    call: `putPublic({ purpose: 'transport-connector', owner: 'someid' }, [peerKey])`,
    isDone: (_, found) => found.length === 0,
  },
]
