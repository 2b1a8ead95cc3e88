/**
 * The way out to one side of a proxied connection. `wire` and conversations know no socket: the relay
 * stands behind an outlet, and a test puts a list there.
 */
export interface Outlet {
  /** Sends `chunk[start, end)` as it came. Joined with the range before it where they touch: no copy is made. */
  pass(chunk: Buffer, start: number, end: number): void
  /** Sends bytes of our own making. They must not be changed afterwards. */
  put(bytes: Buffer): void
  /** Writes what was gathered since the last flush, in one piece where possible. */
  flush(): void
}
