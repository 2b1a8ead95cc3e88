import type { KeyRef } from '../key-ref.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { sourceUnavailable } from './source.ts'

/** A wrapper that can be shut: nothing is wrapped, unwrapped or signed then, and KeystoreError `master-key-unavailable` is thrown. */
export class GatedWrapper implements KeyWrapper {
  readonly sign: KeyWrapper['sign']
  readonly probe: KeyWrapper['probe']
  readonly #inner: KeyWrapper
  isShut = false

  constructor(inner: KeyWrapper) {
    this.#inner = inner
    this.probe = inner.probe && (() => this.#inner.probe!())
    this.sign = inner.sign && ((bytes) => this.#open(() => this.#inner.sign!(bytes)))
  }

  wrap: KeyWrapper['wrap'] = (key, ref, context) =>
    this.#open(() => this.#inner.wrap(key, ref, context))

  unwrap(wrapped: Uint8Array, ref: KeyRef, context: string): ReturnType<KeyWrapper['unwrap']> {
    return this.#open(() => this.#inner.unwrap(wrapped, ref, context))
  }

  wipe(): void {
    this.#inner.wipe()
  }

  #open<T>(work: () => T): T {
    if (!this.isShut) return work()
    throw sourceUnavailable(
      'what protects the keys has not answered for longer than keystore_offline_ttl',
    )
  }
}
