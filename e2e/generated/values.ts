/** Values for the columns of the corpus's tables. What is protected begins with marks by which it is found on the wire in any form. */
import { findCanary, type Searchable } from '../canary.ts'
import type { Column } from './tables.ts'

/** A value as PostgreSQL prints it, and its bytes where it is a bytea. */
export interface Value {
  readonly text: string
  readonly bytes: Buffer | null
}

/** Rows that are there before any statement, numbered from 1; their values have the same numbers. */
export const seededRows = 6
/** Numbers of values are below this. */
export const valueCount = 250

/** Every protected text and every protected bytea holds it. */
export const word = 'kestrel'
const integerBase = 0x7248ab00
const bigintBase = 0x6de05ea1b0000000n

/** Spellings of the word's first letters by escapes, as `spellings.ts` writes them, and of numbers other than in digits. */
const spelledMarks = [
  '\\x6b\\x65\\x73\\x74',
  '\\153\\145\\163\\164',
  '\\u006b\\u0065\\u0073\\u0074',
  '\\006b\\0065\\0073\\0074',
  '!006b!0065!0073!0074',
  '0x7248ab',
  '1_917_36',
  '1917364',
  '1917365',
  String(bigintBase).slice(0, 12),
]
const binaryMarks = ['7248ab', 'ab4872', '6de05ea1b00000', '0000b0a15ee06d'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

/** The value of that number for a column; its numbers tell all values of a column apart where the type has as many. */
export function numbered(column: Column, number: number): Value {
  if (column.guard !== 'none') return protectedValue(column, number)
  const plain = plainText(column, number)
  return { text: plain, bytes: null }
}

/** The value of a column in a seeded row; null for NULL. */
export function seededValue(column: Column, row: number): Value | null {
  if (column.nullable && row % 5 === 4) return null
  return numbered(column, row)
}

function protectedValue(column: Column, number: number): Value {
  switch (column.type) {
    case 'integer':
      return { text: String(integerBase + number), bytes: null }
    case 'bigint':
      return { text: String(bigintBase + BigInt(number)), bytes: null }
    case 'bytea': {
      const bytes = Buffer.from(`${word}${number}\0\x7f\xff\\'"\x80\n`, 'latin1')
      return { text: `\\x${bytes.toString('hex')}`, bytes }
    }
    default:
      return { text: protectedText(column, number), bytes: null }
  }
}

const endings = ['', " O'Hara", ' Chö 李小龍', ' a\\b "c"', ' $1 ; -- x', ' \t\n', ' 🦅'] as const

function protectedText({ isEmail, plainSide }: Column, number: number): string {
  if (isEmail) return `${word}${number}@seed.example`
  const text = `${word}${number}${endings[number % endings.length] ?? ''}`
  if (plainSide === 'left') return `+49${text}`
  return plainSide === 'right' ? `${text} 2029` : text
}

function plainText({ type, name }: Column, number: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `2026-${two(1 + (number % 12))}-${two(1 + (number % 28))}`
  switch (type) {
    case 'integer':
    case 'bigint':
      // Of rows that others refer to, only the seeded ones are sure to be there.
      return String(/_id$/.test(name) ? 1 + (number % seededRows) : number)
    case 'boolean':
      return number % 2 === 0 ? 't' : 'f'
    case 'numeric':
      return `${number}.50`
    case 'timestamp':
      return `${day} 10:20:${two(number % 60)}`
    case 'date':
      return day
    case 'uuid':
      return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
    case 'jsonb':
      return `{"n": ${number}}`
    case 'text[]':
      return `{plover${number},b}`
    case 'char':
      return ['EUR', 'USD', 'NOK'][number % 3] ?? 'EUR'
    default:
      return `plover${number}`
  }
}

/** A mark of a protected value that occurs in these bytes, or null. Short ones turn up by chance in long ciphertexts. */
export function findMark(where: Searchable): string | null {
  const form = findCanary(word, where)
  if (form !== null) return `${word} as ${form}`
  const spelled = spelledMarks.find((mark) => where.folded.includes(mark))
  if (spelled !== undefined) return spelled
  const binary = binaryMarks.find((mark) => where.bytes.includes(mark))
  return binary === undefined ? null : binary.toString('hex')
}

/** Marks of which none turns up by chance, to be looked for in what belongs to one statement. */
export const sureMarks: readonly string[] = [
  word,
  ...spelledMarks.filter((mark) => mark.length > 7),
]
