/** The keystore of a service, as its options describe it, and the watch over the place where its master key comes from. */
export { openServiceKeys } from './keys.ts'
export { openServiceKeystore } from './open.ts'
export { keySourceOptions } from './options.ts'
export { watchKeySource } from './watch.ts'
