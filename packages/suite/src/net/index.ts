/**
 * Sockets: addresses, listening, connecting. What is said over them is not known here.
 */
export {
  type Address,
  databaseAddress,
  formatAddress,
  parseAddress,
} from './address.ts'
export { askForByte } from './ask.ts'
export { DialError, type DialOptions, dial } from './dial.ts'
export { readingInto } from './kept-buffer.ts'
export { type Listener, type ListenHandlers, listen } from './listen.ts'
export {
  tlsClientSideOptions,
  tlsDatabaseSideOptions,
  tlsIdentityOptions,
  tlsOptions,
  tlsRevocationOptions,
  tlsRevocationServiceOptions,
  tlsRevocationSideOptions,
  tlsToolOptions,
} from './options.ts'
