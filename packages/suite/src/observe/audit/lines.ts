import { AcraError } from '../../foundation/index.ts'
import { goString } from '../formats/json.ts'
import type { ChainStep } from './chain.ts'

/** The message that ends a chain; its line has the field `chain=end`. */
export const END_MESSAGE = 'End of current audit log chain'

/** The formats of a log that can be signed. */
export type AuditFormat = 'plaintext' | 'json' | 'cef'

/** A line of a log that is no line of its format. */
export class AuditLineError extends AcraError<'audit-line-malformed'> {
  constructor(message: string, options?: ErrorOptions) {
    super('audit-line-malformed', message, options)
  }
}

/** A line before it is signed. */
export interface Unsigned {
  /** What the chain covers, in UTF-8. */
  readonly covered: string
  /** The line as it is written, its newline included. */
  signed(step: ChainStep): string
}

/** A line of an audit log, taken apart. */
export interface Signed {
  readonly covered: Buffer
  /** 32 bytes where the line is whole. */
  readonly tag: Buffer
  /** The line says that it begins a chain. */
  readonly isNew: boolean
  /** The line ends a chain in order. */
  readonly isEnd: boolean
}

/** How lines of a format are signed and read again (audit-log.md §1, §2): mirror images. */
export interface LineForm {
  /** Takes a formatted line, its newline included. */
  unsigned(line: string): Unsigned
  /** Null where the line has no tag. Throws AuditLineError where it has one and cannot be read. */
  signed(line: Buffer): Signed | null
}

const SEPARATOR = ' integrity='
const NEW_MARK = ' chain=new'
const END_FIELD = 'chain=end'

const plaintextForm: LineForm = {
  unsigned: (line) => textLine(line.slice(0, -1)),
  signed: (line) => signedText(line, (text) => text),
}

/** A CEF line ends with a space, which is not covered. */
const cefForm: LineForm = {
  unsigned: (line) => textLine(line.replace(/ ?\n$/, '')),
  signed: (line) => signedText(line, (text) => text.trim()),
}

const jsonForm: LineForm = {
  unsigned(line) {
    const plain = plainMembers(line)
    if (plain !== null) return plainJson(plain)
    const members = membersOf(line)
    return {
      covered: coveredJson(members),
      signed({ tag, isNew }) {
        members.set('integrity', tag)
        if (isNew) members.set('chain', 'new')
        return `${printed(members)}\n`
      },
    }
  },
  signed(line) {
    const members = membersOf(line.toString())
    const tag = members.get('integrity')
    if (typeof tag !== 'string') return null
    members.delete('integrity')
    const mark = members.get('chain')
    if (mark === 'new') members.delete('chain')
    return {
      covered: Buffer.from(coveredJson(members)),
      tag: tagBytes(tag),
      isNew: mark === 'new',
      isEnd: mark === 'end' && members.get('msg') === END_MESSAGE,
    }
  },
}

export const lineForms: Readonly<Record<AuditFormat, LineForm>> = {
  plaintext: plaintextForm,
  json: jsonForm,
  cef: cefForm,
}

function textLine(text: string): Unsigned {
  return {
    covered: text,
    signed: ({ tag, isNew }) => `${text}${SEPARATOR}${tag}${isNew ? NEW_MARK : ''}\n`,
  }
}

/** The last separator counts: a message may hold the word too, which the original does not foresee. */
function signedText(line: Buffer, tidy: (text: string) => string): Signed | null {
  const at = line.lastIndexOf(SEPARATOR)
  if (at === -1) return null
  const covered = line.subarray(0, at)
  const behind = tidy(line.toString('latin1', at + SEPARATOR.length))
  const isNew = behind.endsWith(NEW_MARK)
  return {
    covered,
    tag: tagBytes(isNew ? behind.slice(0, -NEW_MARK.length) : behind),
    isNew,
    isEnd: covered.includes(END_FIELD) && covered.includes(END_MESSAGE),
  }
}

function tagBytes(hex: string): Buffer {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new AuditLineError('its integrity is no hex text')
  return Buffer.from(hex, 'hex')
}

/** A member whose value Go would print as it stands. */
type PlainMember = readonly [name: string, value: string]

const PLAIN_MEMBER =
  /"([ !#-[\]-~]*)":("(?:[ !#-%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\uffff]+|\\(?:["\\nrt]|u003[ce]|u0026))*"|true|false|null|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?)([,}])/y

/**
 * The members of a line as our format writes them: in order, and printed as Go would. Null where the line may be another one, which has to be
 * read as JSON. Most of what signing a line costs would be that reading.
 */
function plainMembers(line: string): PlainMember[] | null {
  if (!line.startsWith('{')) return null
  const members: PlainMember[] = []
  let before = ''
  PLAIN_MEMBER.lastIndex = 1
  for (let found = PLAIN_MEMBER.exec(line); found !== null; found = PLAIN_MEMBER.exec(line)) {
    const [, name = '', value = '', end] = found
    if (name <= before || name === 'chain' || name === 'integrity') return null
    members.push([name, value])
    before = name
    if (end === '}') return line.length === PLAIN_MEMBER.lastIndex + 1 ? members : null
  }
  return null
}

function plainJson(members: readonly PlainMember[]): Unsigned {
  let covered = ''
  for (const [name, value] of members) covered += `delimiter${name}delimiter${value}delimiter`
  return {
    covered,
    signed({ tag, isNew }) {
      const added: PlainMember[] = [['integrity', `"${tag}"`]]
      if (isNew) added.unshift(['chain', '"new"'])
      let text = ''
      for (const member of members) {
        while (added.length > 0 && added[0]![0] < member[0]) text += memberText(added.shift()!)
        text += memberText(member)
      }
      for (const member of added) text += memberText(member)
      return `{${text.slice(1)}}\n`
    },
  }
}

function memberText([name, value]: PlainMember): string {
  return `,"${name}":${value}`
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

function membersOf(line: string): Map<string, Json> {
  let value: Json
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new AuditLineError('it is not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AuditLineError('it is no JSON object')
  return new Map(Object.entries(value))
}

/** `delimiter` three times for every member, in the order of their names' bytes. */
function coveredJson(members: ReadonlyMap<string, Json>): string {
  const parts = sorted(members).map(
    ([name, value]) => `delimiter${name}delimiter${goJson(value)}delimiter`,
  )
  return parts.join('')
}

function printed(members: ReadonlyMap<string, Json>): string {
  return `{${sorted(members)
    .map(([name, value]) => `${goString(name)}:${goJson(value)}`)
    .join(',')}}`
}

/** A value that was read from JSON, as Go's encoding/json prints it. */
function goJson(value: Json): string {
  if (typeof value === 'string') return goString(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  return printed(new Map(Object.entries(value)))
}

function sorted(members: ReadonlyMap<string, Json>): readonly (readonly [string, Json])[] {
  return [...members].sort(([a], [b]) => byBytes(a, b))
}

/** Code units sort like bytes but for the surrogates. */
function byBytes(a: string, b: string): number {
  if (/[\ud800-\uffff]/.test(a) || /[\ud800-\uffff]/.test(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}
