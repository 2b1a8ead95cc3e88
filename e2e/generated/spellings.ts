/** The ways in which SQL can write a value. */
import type { Column } from './tables.ts'
import { type Value, word } from './values.ts'

export interface Spelling {
  readonly name: string
  readonly write: (value: Value) => string
  /** May be refused where it stands for a protected value, because the database would have to compute it. */
  readonly isDaring: boolean
}

type Weighed = readonly (readonly [number, Spelling])[]

/** The spellings of a value of a type, by weight, the simplest first. */
export function spellings(type: Column['type'], value: Value): Weighed {
  switch (type) {
    case 'text':
      return value.text.includes('$') ? texts.filter(([, { name }]) => name !== '$$') : texts
    case 'integer':
      return [...numbers, [1, of('int4 prefix', ({ text }) => `int4 '${text}'`, true)]]
    case 'bigint':
      return [...numbers, [1, of('int8 prefix', ({ text }) => `int8 '${text}'`, true)]]
    case 'bytea':
      return byteas
    case 'boolean':
      return booleans
    default:
      return [
        [3, of('quoted', ({ text }) => quote(text))],
        [1, of('cast', ({ text }) => `${quote(text)}::${type}`)],
      ]
  }
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function of(name: string, write: (value: Value) => string, isDaring = false): Spelling {
  return { name, write, isDaring }
}

/** Writes the word by escapes, and what stands beside it as `rest` does. */
function spelled(text: string, letter: (code: number) => string, rest: (text: string) => string) {
  const letters = [...word].map((character) => letter(character.charCodeAt(0))).join('')
  return text.split(word).map(rest).join(letters)
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0')
const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
const doubled = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "''")
const byHex = (text: string) => spelled(text, (code) => `\\x${hex(code, 2)}`, escaped)
const byOctal = (text: string) => spelled(text, (code) => `\\${code.toString(8)}`, doubled)
const byUnicode = (text: string) => spelled(text, (code) => `\\u${hex(code, 4)}`, escaped)

const texts: Weighed = [
  [8, of('quoted', ({ text }) => quote(text))],
  [2, of('E', ({ text }) => `E'${escaped(text)}'`)],
  [1, of('E hex', ({ text }) => `E'${byHex(text)}'`)],
  [1, of('E octal', ({ text }) => `E'${byOctal(text)}'`)],
  [1, of('E unicode', ({ text }) => `e'${byUnicode(text)}'`)],
  [1, of('U&', ({ text }) => `U&'${spelled(text, (code) => `\\${hex(code, 4)}`, doubled)}'`)],
  [
    1,
    of('UESCAPE', ({ text }) => {
      const inner = spelled(
        text,
        (code) => `!${hex(code, 4)}`,
        (rest) => rest.replaceAll("'", "''"),
      )
      return `U&'${inner}' UESCAPE '!'`
    }),
  ],
  [1, of('$$', ({ text }) => `$$${text}$$`)],
  [1, of('$tag$', ({ text }) => `$t_1$${text}$t_1$`)],
  [
    1,
    of('adjacent', ({ text }) => {
      const at = text.indexOf(word) + word.length
      return `${quote(text.slice(0, at))}\n  ${quote(text.slice(at))}`
    }),
  ],
  [1, of('cast', ({ text }) => `${quote(text)}::text`, true)],
  [1, of('CAST', ({ text }) => `CAST(${quote(text)} AS varchar)`, true)],
  [1, of('text prefix', ({ text }) => `text ${quote(text)}`, true)],
  [1, of('in parentheses', ({ text }) => `((${quote(text)}))`)],
]

const numbers: Weighed = [
  [5, of('digits', ({ text }) => text)],
  [2, of('quoted', ({ text }) => `'${text}'`)],
  [1, of('hexadecimal', ({ text }) => `0x${BigInt(text).toString(16)}`)],
  [1, of('underscores', ({ text }) => text.replace(/\B(?=(?:\d{3})+$)/g, '_'))],
  [1, of('blanks', ({ text }) => `'  ${text} '`)],
  [1, of('E', ({ text }) => `E'${text}'`)],
  [1, of('cast', ({ text }) => `${text}::bigint`, true)],
  [1, of('cast of a string', ({ text }) => `CAST('${text}' AS bigint)`, true)],
]

const byteas: Weighed = [
  [4, of('hex', ({ text }) => `'${text}'`)],
  [1, of('E hex', ({ text }) => `E'\\${text}'`)],
  [1, of('upper hex', ({ text }) => `'\\x${text.slice(2).toUpperCase()}'`)],
  [1, of('escape', ({ bytes }) => quote(escapeFormat(bytes)))],
  [1, of('E escape', ({ bytes }) => `E'${escaped(escapeFormat(bytes))}'`)],
  [1, of('$$', ({ text }) => `$$${text}$$`)],
  [1, of('cast', ({ text }) => `'${text}'::bytea`, true)],
  [1, of('bytea prefix', ({ text }) => `bytea '${text}'`, true)],
  [1, of('decode', ({ text }) => `decode('${text.slice(2)}', 'hex')`, true)],
]

/** The older of the two text forms of bytea. */
function escapeFormat(bytes: Buffer | null): string {
  return [...(bytes ?? [])]
    .map((byte) => {
      if (byte === 0x5c) return '\\\\'
      if (byte < 0x20 || byte > 0x7e) return `\\${byte.toString(8).padStart(3, '0')}`
      return String.fromCharCode(byte)
    })
    .join('')
}

const booleans: Weighed = [
  [4, of('keyword', ({ text }) => (text === 't' ? 'true' : 'FALSE'))],
  [1, of('quoted', ({ text }) => `'${text}'`)],
  [1, of('cast', ({ text }) => `'${text}'::boolean`)],
]
