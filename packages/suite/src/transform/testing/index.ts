/** For tests of columns, here and in folders above: keys in memory, and values that are at hand. */
export { accessOf, atOnce, keysOf, protect, reveal, settingOf } from './access.ts'
export { MemoryKeystore } from './memory-keystore.ts'
