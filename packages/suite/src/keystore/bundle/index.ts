/**
 * Keys on their way between keystores: bundles in the formats of the original, and how their keys come into a store. Nothing here reads or writes
 * files.
 */
export { type BundledKey, collectKeys, type SealedBundle, wipeBundled } from './bundle.ts'
export { openBundle, sealBundle } from './formats.ts'
export { importKeys } from './import.ts'
export { migrateKey } from './migrate.ts'
