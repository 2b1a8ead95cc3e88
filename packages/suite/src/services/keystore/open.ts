import {
  detectVersion,
  type Environment,
  GatedWrapper,
  type Keystore,
  type keysFolderOptions,
  type masterKeyOptions,
  openKeystore,
  openMasterKey,
  redisForKeys,
  type redisKeysOptions,
} from '../../keystore/index.ts'
import type { OptionValues } from '../../options/index.ts'

export interface KeystoreSettings {
  readonly options: OptionValues<
    typeof keysFolderOptions & typeof masterKeyOptions & typeof redisKeysOptions
  > & { readonly redis_db_tokens?: number }
  readonly environment: Environment
  /** Takes a sentence about something odd that stops nothing. */
  readonly warn: (sentence: string) => void
  /** Keys kept in memory: 0 sets no bound, -1 keeps none. */
  readonly cacheSize: number
  readonly cacheOnStart: boolean
}

/** An open keystore, and what it takes to forget it. */
export interface ServiceKeystore {
  readonly keystore: Keystore
  /** What protects the keys; shut, no key is read that is not in memory. */
  readonly gate: GatedWrapper
  /** Overwrites the keys, the master key among them. The keystore cannot be used any more. */
  wipe(): void
}

/** Opens the keystore with its master key. Throws KeystoreError, also where no key of the store opens by that. */
export async function openServiceKeystore({
  options,
  environment,
  warn,
  cacheSize,
  cacheOnStart,
}: KeystoreSettings): Promise<ServiceKeystore> {
  const folder = options.keys_dir
  const redis = redisForKeys(options, environment, warn)
  const version = (await detectVersion(folder, redis)) ?? 'v1'
  const gate = new GatedWrapper(await openMasterKey({ options, environment, version, warn }))
  try {
    const keystore = await openKeystore({
      folder,
      redis,
      wrapper: gate,
      cacheSize,
      cacheOnStart,
      provesMasterKey: true,
      warn,
    })
    return {
      keystore,
      gate,
      wipe() {
        keystore.reset()
        gate.wipe()
      },
    }
  } catch (error) {
    gate.wipe()
    throw error
  }
}
