/** RFC 3339 in the machine's time zone, whole seconds: `2021-07-12T14:02:12+03:00`, with `Z` for UTC. */
export function localTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  const offset = -date.getTimezoneOffset()
  const local = new Date(milliseconds + offset * 60_000)
  return `${local.toISOString().slice(0, 19)}${zone(offset)}`
}

function zone(offset: number): string {
  if (offset === 0) return 'Z'
  const minutes = Math.abs(offset)
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${hours}:${String(minutes % 60).padStart(2, '0')}`
}

/** Seconds with three decimals, the `unixTime` of JSON and CEF. */
export function unixTime(milliseconds: number): string {
  return (Math.trunc(milliseconds) / 1000).toFixed(3)
}
