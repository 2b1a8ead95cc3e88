/**
 * Themis formats and Acra envelopes, free of Node modules and of I/O.
 * `@acra-ts/crypto/node` has the primitives of node:crypto.
 */
export { AcraError } from './errors.ts'
export type { Sink } from './sink.ts'
