/** Keys by name: purposes, layouts, storages, master keys, cache. */
export type { Key, KeyRef, Purpose } from './key-ref.ts'
export type { KeyDescription, Keystore } from './keystore.ts'
