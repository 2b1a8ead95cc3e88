/**
 * Where hot paths append their output: one growing buffer per chunk instead of a buffer per value.
 * The caller writes into `bytes` at the index that `reserve` returned, before the next `reserve`.
 */
export interface Sink {
  /** The memory behind the sink. `reserve` may replace it; read it again after every call. */
  readonly bytes: Uint8Array
  /** Number of bytes appended so far. */
  readonly length: number
  /** Makes room for `size` more bytes, moves `length` behind them, and returns the index where they begin. */
  reserve(size: number): number
  /** Takes back what was appended after `length` was this: a value that failed half-way. Overwrites it with zeros. */
  truncate(length: number): void
}
