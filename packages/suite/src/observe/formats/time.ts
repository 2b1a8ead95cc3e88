/**
 * RFC 3339 in whole seconds, `zone` minutes ahead of UTC: `2021-07-12T14:02:12+03:00`, with `Z` for
 * UTC itself.
 */
export function localTime(milliseconds: number, zone: number): string {
  const local = new Date(milliseconds + zone * 60_000)
  return `${local.toISOString().slice(0, 19)}${offset(zone)}`
}

function offset(zone: number): string {
  if (zone === 0) return 'Z'
  const minutes = Math.abs(zone)
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0')
  return `${zone < 0 ? '-' : '+'}${hours}:${String(minutes % 60).padStart(2, '0')}`
}

/** Seconds with three decimals, the `unixTime` of JSON and CEF. */
export function unixTime(milliseconds: number): string {
  return (Math.trunc(milliseconds) / 1000).toFixed(3)
}
