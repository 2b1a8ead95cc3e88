import type { Logger } from '../../observe/index.ts'
import type { OptionValues } from '../../options/index.ts'
import { KeySourceWatch } from './key-source.ts'
import type { ServiceKeystore } from './open.ts'
import type { keySourceOptions } from './options.ts'

/** How a keystore is watched. */
export interface WatchSettings {
  readonly options: OptionValues<typeof keySourceOptions>
  readonly log: Logger
  /** Told 1 when what protects the keys goes away, -1 when it is back. */
  readonly onDegraded: (change: 1 | -1) => void
  /** Overwrites what was made of the keys and stands in memory. */
  readonly forget: () => void
}

/**
 * Watches what protects the keys of a store, where that can go away. When it has been away for `keystore_offline_ttl` the keys in memory are
 * overwritten, and none can be read until it is back. What is returned ends the watch.
 */
export function watchKeySource(
  { keystore, gate }: ServiceKeystore,
  { options, log, onDegraded, forget }: WatchSettings,
): () => void {
  if (gate.probe === null) return () => {}
  const watch = new KeySourceWatch({
    probe: gate.probe,
    intervalMs: options.keystore_probe_interval * 1000,
    offlineMs: options.keystore_offline_ttl * 1000 || Number.POSITIVE_INFINITY,
    log,
    onDegraded,
    drop() {
      gate.isShut = true
      forget()
      keystore.reset()
    },
    restore() {
      gate.isShut = false
      // What failed meanwhile is asked for anew.
      forget()
    },
    now: () => performance.now(),
  })
  watch.start()
  return () => watch.stop()
}
