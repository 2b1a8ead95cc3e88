/**
 * Names of files in a history folder: the UTC time of the rotation as `2006-01-02T15:04:05.999999999`, without zeros at the end of
 * the fraction, and without the fraction where it is zero. spec: keystore §2.3
 */
const PATTERN = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?$/

const NANOSECONDS = 1_000_000_000n

/** The name for a time in nanoseconds since 1970. */
export function timestampName(time: bigint): string {
  const seconds = new Date(Number(time / NANOSECONDS) * 1000).toISOString().slice(0, 19)
  const fraction = String(time % NANOSECONDS)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return fraction === '' ? seconds : `${seconds}.${fraction}`
}

/** The time that a name stands for, in nanoseconds since 1970; null for any other name. */
export function timestampTime(name: string): bigint | null {
  const [, seconds, fraction = ''] = PATTERN.exec(name) ?? []
  if (seconds === undefined) return null
  const milliseconds = Date.parse(`${seconds}Z`)
  if (Number.isNaN(milliseconds)) return null
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/**
 * The name for the next entry: that of `now`, or just after the newest of `names` where the clock has gone back, so that the order of
 * names stays the order of events.
 */
export function nextTimestampName(now: bigint, names: readonly string[]): string {
  let next = now
  for (const name of names) {
    const time = timestampTime(name)
    if (time !== null && time >= next) next = time + 1n
  }
  return timestampName(next)
}

/** The time of the system, in nanoseconds since 1970. Below the millisecond only the difference between two calls means something. */
export function systemTime(): bigint {
  return BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n)
}
