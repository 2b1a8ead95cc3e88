import { generateKeyPair, generateSymmetricKey } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Soon } from '../../foundation/index.ts'
import {
  type Key,
  type KeyRef,
  type Keystore,
  type Purpose,
  purposes,
} from '../../keystore/index.ts'

/** A keystore for tests: keys of clients in memory, answered at once or late. */
export class MemoryKeystore implements Pick<Keystore, 'keys' | 'publicKeys'> {
  /** True: answers are promises. */
  late = false
  /** Thrown, or rejected with, instead of an answer. */
  failure: Error | null = null
  /** Every question so far: `storage-symmetric alice`. */
  readonly asked: string[] = []
  /** Copies of secrets that were handed out: their owner has to overwrite them. */
  readonly handedOut: Uint8Array[] = []
  readonly #versions = new Map<string, Key[]>()

  /** A new key of each kind that columns need; keys that are there become older versions. */
  generate(owner: string, purposes: readonly Purpose[] = ['storage', 'storage-symmetric']): this {
    for (const purpose of purposes) {
      const name = `${purpose} ${owner}`
      this.#versions.set(name, [newKey(purpose), ...(this.#versions.get(name) ?? [])])
    }
    return this
  }

  /** Removes all versions. */
  remove(purpose: Purpose, owner: string): void {
    this.#versions.delete(`${purpose} ${owner}`)
  }

  keys({ purpose, owner }: KeyRef): Soon<readonly Key[]> {
    const versions = this.#versions.get(`${purpose} ${owner}`) ?? []
    const copies = versions.map(({ secret, publicKey }) => ({ secret: secret.slice(), publicKey }))
    this.handedOut.push(...copies.map(({ secret }) => secret))
    return this.#answer(`${purpose} ${owner}`, copies)
  }

  publicKeys({ purpose, owner }: KeyRef): Soon<readonly Uint8Array[]> {
    const versions = this.#versions.get(`${purpose} ${owner}`) ?? []
    const answer = versions.map(({ publicKey }) => publicKey!)
    return this.#answer(`public ${purpose} ${owner}`, answer)
  }

  #answer<T>(question: string, answer: T): Soon<T> {
    this.asked.push(question)
    if (!this.late) {
      if (this.failure !== null) throw this.failure
      return answer
    }
    const { failure } = this
    return failure === null ? Promise.resolve(answer) : Promise.reject(failure)
  }
}

function newKey(purpose: Purpose): Key {
  if (purposes[purpose].kind === 'symmetric') {
    return { secret: generateSymmetricKey(nodePrimitives), publicKey: null }
  }
  const { privateKey, publicKey } = generateKeyPair(nodePrimitives)
  return { secret: privateKey, publicKey }
}
