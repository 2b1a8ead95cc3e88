/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

export function count(value: number): string {
  return value < 100_000 ? whole.format(value) : short.format(value)
}

/** A rate per second: small ones with a digit behind the point. */
export function rate(value: number | null): string {
  if (value === null) return '–'
  return value < 10 && value > 0 ? value.toFixed(1) : count(value)
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–'
  return value < 10 ? `${value.toFixed(1)} ms` : `${whole.format(value)} ms`
}

export function time(at: number | null): string {
  return at === null ? 'unknown' : moment.format(at)
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** How long something took or has lasted, in its largest unit. */
export function duration(seconds: number): string {
  for (const [unit, size] of UNITS) {
    const number = Math.floor(seconds / size)
    if (number > 0) return `${number} ${unit}${number === 1 ? '' : 's'}`
  }
  return 'less than a minute'
}
