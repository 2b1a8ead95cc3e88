/** The keystore of a service, as its options describe it. */
export { openServiceKeystore, type ServiceKeystore } from './open.ts'
