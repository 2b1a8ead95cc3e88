import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Soon } from '../../../../foundation/index.ts'
import type { Key, KeyRef } from '../../../../keystore/index.ts'
import { KeysInUse } from '../../../../transform/index.ts'
import type { MemoryKeystore } from '../../../../transform/testing/index.ts'

/** Keys that come when the simulation says so: at once, or whenever `release` is called. */
export class LateKeys {
  readonly keys: KeysInUse
  readonly #waiting: (() => void)[] = []
  readonly #isLate: () => boolean

  /** `isLate` decides for each question. */
  constructor(keystore: MemoryKeystore, isLate: () => boolean) {
    this.#isLate = isLate
    this.keys = new KeysInUse({
      keystore: {
        keys: (ref: KeyRef) => this.#late(keystore.keys(ref) as readonly Key[]),
        publicKeys: (ref: KeyRef) => this.#late(keystore.publicKeys(ref) as readonly Uint8Array[]),
      },
      primitives: nodePrimitives,
      clientsMax: 100,
      now: () => 0,
    })
  }

  /** How many answers somebody waits for. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Gives one of the answers. */
  release(index: number): void {
    const [give] = this.#waiting.splice(index, 1)
    give?.()
  }

  #late<T>(answer: T): Soon<T> {
    if (!this.#isLate()) return answer
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(answer))
    })
  }
}
