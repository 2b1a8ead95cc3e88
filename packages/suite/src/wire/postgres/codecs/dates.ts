import { asciiOf, bytesOf, type TypeCodec } from './codec.ts'

/*
 * Dates and times in binary format count from 2000-01-01: a date days (int32), a timestamp microseconds (int64), a time microseconds of the
 * day. The largest and the smallest number stand for infinity. Texts are those of DateStyle ISO; other styles depend on
 * settings of the session and are not read.
 */

const MICROS = 1_000_000n
const DAY_MICROS = 86_400n * MICROS
const EPOCH_DAYS = 10_957n
const INT32_MAX = 2_147_483_647n
const INT32_MIN = -2_147_483_648n
const INT64_MAX = 9_223_372_036_854_775_807n
const INT64_MIN = -9_223_372_036_854_775_808n
const DATE_MIN = -2_451_545n // 4714-11-24 BC
const DATE_END = 2_145_031_949n // 5874898-01-01
const TIMESTAMP_MIN = -211_813_488_000_000_000n
const TIMESTAMP_END = 9_223_371_331_200_000_000n
const TEXT_SIZE_MAX = 64

const datePart = String.raw`(\d{4,7})-(\d{1,2})-(\d{1,2})`
const timePart = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?`
const zonePart = String.raw`(?:\s*(Z|UTC)|([-+])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?)`
const dateText = new RegExp(`^${datePart}( BC)?$`, 'i')
const timeText = new RegExp(`^${timePart}$`)
const timestampText = new RegExp(`^${datePart}(?:[T ]\\s*${timePart})?( BC)?$`, 'i')
const zonedText = new RegExp(`^${datePart}(?:[T ]\\s*${timePart})\\s*${zonePart}( BC)?$`, 'i')

/** Days since 2000-01-01 of a date of the Gregorian calendar; null where there is no such day. */
function daysOf(yearText: string, monthText: string, dayText: string, bc: boolean): bigint | null {
  const written = Number(yearText)
  if (written === 0) return null
  const year = bc ? 1 - written : written
  const month = Number(monthText)
  const day = Number(dayText)
  if (month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return null
  return civilDays(BigInt(year), BigInt(month), BigInt(day)) - EPOCH_DAYS
}

function monthLength(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Days since 1970-01-01, counted by eras of 400 years that begin in March. */
function civilDays(year: bigint, month: bigint, day: bigint): bigint {
  const y = month <= 2n ? year - 1n : year
  const era = floorDivide(y, 400n)
  const yearOfEra = y - era * 400n
  const dayOfYear = (153n * (month + (month > 2n ? -3n : 9n)) + 2n) / 5n + day - 1n
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear
  return era * 146_097n + dayOfEra - 719_468n
}

function dateOf(days: bigint): { text: string; bc: boolean } {
  const z = days + EPOCH_DAYS + 719_468n
  const era = floorDivide(z, 146_097n)
  const dayOfEra = z - era * 146_097n
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n)
  const shifted = (5n * dayOfYear + 2n) / 153n
  const day = dayOfYear - (153n * shifted + 2n) / 5n + 1n
  const month = shifted < 10n ? shifted + 3n : shifted - 9n
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n)
  const bc = year < 1n
  const shown = bc ? 1n - year : year
  return { text: `${padded(shown, 4)}-${padded(month, 2)}-${padded(day, 2)}`, bc }
}

/** Microseconds of the day; the server takes 24:00:00 and a 60th second too. */
function microsOf(hour = '0', minute = '0', second = '0', fraction = ''): bigint | null {
  const [h, m, s] = [BigInt(hour), BigInt(minute), BigInt(second)]
  if (h > 24n || m > 59n || s > 60n) return null
  const digits = fraction.padEnd(7, '0')
  const rounded = BigInt(digits.slice(0, 6)) + (digits[6]! >= '5' ? 1n : 0n)
  const micros = ((h * 60n + m) * 60n + s) * MICROS + rounded
  return micros > DAY_MICROS ? null : micros
}

function timeOf(micros: bigint): string {
  const seconds = micros / MICROS
  const fraction = micros % MICROS
  const time = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n]
  const text = time.map((part) => padded(part, 2)).join(':')
  return fraction === 0n ? text : `${text}.${padded(fraction, 6).replace(/0+$/, '')}`
}

function padded(value: bigint, digits: number): string {
  return String(value).padStart(digits, '0')
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : -((-value + by - 1n) / by)
}

/** A type whose values are numbers with a text form and, in binary format, a fixed size. */
function counted(
  oid: number,
  size: 4 | 8,
  parse: (text: string) => bigint | null,
  print: (value: bigint) => string | null,
): TypeCodec {
  const read = (text: Buffer) => (text.length > TEXT_SIZE_MAX ? null : parse(asciiOf(text)))
  const written = (value: bigint | null) => {
    const text = value === null ? null : print(value)
    return text === null ? null : bytesOf(text)
  }
  return {
    oid,
    size,
    canonical: (text) => written(read(text)),
    toBinary(text) {
      const value = read(text)
      if (value === null) return null
      const bytes = Buffer.allocUnsafe(size)
      if (size === 4) bytes.writeInt32BE(Number(value))
      else bytes.writeBigInt64BE(value)
      return bytes
    },
    fromBinary(bytes) {
      if (bytes.length !== size) return null
      return written(size === 4 ? BigInt(bytes.readInt32BE()) : bytes.readBigInt64BE())
    },
  }
}

function infinity(text: string, min: bigint, max: bigint): bigint | null {
  const word = text.toLowerCase()
  if (word === 'infinity' || word === '+infinity') return max
  return word === '-infinity' ? min : null
}

export const date: TypeCodec = counted(
  1082,
  4,
  (text) => {
    const parts = dateText.exec(text)
    if (parts === null) return infinity(text, INT32_MIN, INT32_MAX)
    const days = daysOf(parts[1], parts[2], parts[3], parts[4] !== undefined)
    return days !== null && days >= DATE_MIN && days < DATE_END ? days : null
  },
  (days) => {
    if (days === INT32_MAX) return 'infinity'
    if (days === INT32_MIN) return '-infinity'
    if (days < DATE_MIN || days >= DATE_END) return null
    const { text, bc } = dateOf(days)
    return bc ? `${text} BC` : text
  },
)

export const time: TypeCodec = counted(
  1083,
  8,
  (text) => {
    const parts = timeText.exec(text)
    return parts === null ? null : microsOf(parts[1], parts[2], parts[3], parts[4])
  },
  (micros) => (micros < 0n || micros > DAY_MICROS ? null : timeOf(micros)),
)

function printTimestamp(zone: string): (micros: bigint) => string | null {
  return (micros) => {
    if (micros === INT64_MAX) return 'infinity'
    if (micros === INT64_MIN) return '-infinity'
    if (micros < TIMESTAMP_MIN || micros >= TIMESTAMP_END) return null
    const days = floorDivide(micros, DAY_MICROS)
    const { text, bc } = dateOf(days)
    return `${text} ${timeOf(micros - days * DAY_MICROS)}${zone}${bc ? ' BC' : ''}`
  }
}

function inRange(micros: bigint): bigint | null {
  return micros >= TIMESTAMP_MIN && micros < TIMESTAMP_END ? micros : null
}

export const timestamp: TypeCodec = counted(
  1114,
  8,
  (text) => {
    const parts = timestampText.exec(text)
    if (parts === null) return infinity(text, INT64_MIN, INT64_MAX)
    const days = daysOf(parts[1], parts[2], parts[3], parts[8] !== undefined)
    const micros = microsOf(parts[4], parts[5], parts[6], parts[7])
    return days === null || micros === null ? null : inRange(days * DAY_MICROS + micros)
  },
  printTimestamp(''),
)

/** Texts must name their zone: what they mean without one depends on the session. They are printed in UTC. */
export const timestamptz: TypeCodec = counted(
  1184,
  8,
  (text) => {
    const parts = zonedText.exec(text)
    if (parts === null) return infinity(text, INT64_MIN, INT64_MAX)
    const days = daysOf(parts[1], parts[2], parts[3], parts[13] !== undefined)
    const micros = microsOf(parts[4], parts[5], parts[6], parts[7])
    const ahead = parts[8] === undefined ? microsOf(parts[10], parts[11], parts[12]) : 0n
    if (days === null || micros === null || ahead === null) return null
    return inRange(days * DAY_MICROS + micros - (parts[9] === '-' ? -ahead : ahead))
  },
  printTimestamp('+00'),
)
