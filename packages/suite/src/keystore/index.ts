/**
 * Keys by name: purposes, layouts, storages, master keys, cache. Nothing here knows what keys are used for, reads the environment by
 * itself, or writes a log.
 */
export { KeystoreError, type KeystoreErrorCode } from './errors.ts'
export { inspections } from './inspect.ts'
export { type Finding, findingText } from './inspection.ts'
export { keyId, keyOfId } from './key-id.ts'
export { type Key, type KeyRef, type Purpose, type PurposeFacts, purposes } from './key-ref.ts'
export { type KeyDescription, type Keystore, wipeKeys } from './keystore.ts'
export { masterKeyFromEnvironment } from './master-key/env.ts'
export { writeMasterKeyFile } from './master-key/file.ts'
export { GatedWrapper } from './master-key/gate.ts'
export type { KeyWrapper, StoreVersion } from './master-key/key-wrapper.ts'
export { createMasterKey, openMasterKey } from './master-key/master-key.ts'
export { masterKeyOptions } from './master-key/options.ts'
export type { Environment } from './master-key/source.ts'
export { addZone, publicZone } from './new-zone.ts'
export { cacheOff, type OpenSettings, openKeystore, storeFor } from './open.ts'
export {
  keysFolderOptions,
  keysOutputOptions,
  keystoreCacheOptions,
  redisKeysBesideTokensOptions,
  redisKeysOptions,
} from './options.ts'
export { isClientId, isZoneId } from './owner.ts'
export { detectVersion, redisForKeys } from './place.ts'
export { type RewrapSettings, rewrapFiles, rewrapState, unprovenFiles } from './rewrap.ts'
export { lockFile } from './storage/file-lock.ts'
