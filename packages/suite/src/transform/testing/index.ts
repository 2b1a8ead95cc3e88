/** Stand-ins for tests: keys in memory, access, settings. */
export {
  accessOf,
  atOnce,
  keysOf,
  protect,
  reveal,
  settingOf,
  tokensIn,
  traitsOf,
} from './access.ts'
export { MemoryKeystore } from './memory-keystore.ts'
