/**
 * Themis formats and Acra envelopes, free of Node modules and of I/O.
 * `@acra-ts/crypto/node` has the primitives of node:crypto.
 */
export type { Sink } from './sink.ts'
