import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Environment, Keystore } from '../../keystore/index.ts'
import type { Logger } from '../../observe/index.ts'
import { KeysInUse } from '../../transform/index.ts'
import { openServiceKeystore, type ServiceKeystore } from '../keystore/index.ts'
import { KeySourceWatch } from './key-source.ts'
import type { ServerOptions } from './options.ts'

/** The keys of a server. */
export interface ServerKeys {
  readonly keystore: Keystore
  readonly inUse: KeysInUse
  /** Forgets the keys in memory: they are read anew from the keystore. */
  reset(): void
  /** Overwrites the keys in memory, and lets go of the place where the master key is. */
  wipe(): void
}

/**
 * Opens the keystore with the master key that the options name, and watches the place where that comes from. Throws where one of them
 * cannot be opened.
 */
export async function openServerKeys(
  options: ServerOptions,
  environment: Environment,
  log: Logger,
  onDegraded: (change: 1 | -1) => void,
): Promise<ServerKeys> {
  const opened = await openServiceKeystore({
    options,
    environment,
    warn: (sentence) => log.warning(sentence),
    cacheSize: options.keystore_cache_size,
    cacheOnStart: options.keystore_cache_on_start_enable,
  })
  return watched(opened, options, log, onDegraded)
}

function watched(
  { keystore, gate, wipe }: ServiceKeystore,
  options: ServerOptions,
  log: Logger,
  onDegraded: (change: 1 | -1) => void,
): ServerKeys {
  const now = () => performance.now()
  const clientsMax = clientsMaxOf(options.keystore_cache_size)
  const inUse = new KeysInUse({ keystore, primitives: nodePrimitives, clientsMax, now })
  const forget = () => {
    inUse.reset()
    keystore.reset()
  }
  const watch =
    gate.probe &&
    new KeySourceWatch({
      probe: gate.probe,
      intervalMs: options.keystore_probe_interval * 1000,
      offlineMs: options.keystore_offline_ttl * 1000 || Number.POSITIVE_INFINITY,
      log,
      onDegraded,
      drop() {
        gate.isShut = true
        forget()
      },
      restore() {
        gate.isShut = false
        // What failed meanwhile is asked for anew.
        inUse.reset()
      },
      now,
    })
  watch?.start()
  return {
    keystore,
    inUse,
    reset: forget,
    wipe() {
      watch?.stop()
      inUse.reset()
      wipe()
    },
  }
}

/** The bound of keys in use is that of the keystore's cache (flag `keystore_cache_size`). */
function clientsMaxOf(cacheSize: number): number {
  return cacheSize === 0 ? Number.POSITIVE_INFINITY : Math.max(0, cacheSize)
}
