import type { KeyWrapper } from './key-wrapper.ts'

/**
 * The wrapper of a store whose master key is being replaced: opens what `current` or `previous` has wrapped, and wraps with `current`. Its `wipe`
 * wipes both.
 */
export function eitherWrapper(current: KeyWrapper, previous: KeyWrapper): KeyWrapper {
  return {
    wrap: (key, ref, context) => current.wrap(key, ref, context),
    async unwrap(wrapped, ref, context) {
      const key = await current.unwrap(wrapped, ref, context)
      return key ?? previous.unwrap(wrapped, ref, context)
    },
    sign: current.sign,
    signBefore: previous.sign,
    probe: current.probe,
    wipe() {
      current.wipe()
      previous.wipe()
    },
  }
}
