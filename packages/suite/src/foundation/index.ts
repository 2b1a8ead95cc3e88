/**
 * The little that everything stands on: the root of errors, values that may be late, growing buffers.
 * Nothing joins this folder without a decision record.
 */
export { AcraError } from '@acra-ts/crypto'
export { BufferSink } from './buffer-sink.ts'
export { explained, lastly, outcomeOf, type Soon, soon } from './soon.ts'
