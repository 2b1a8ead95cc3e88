import { DerError, DerReader, derTags, dottedOid } from './der.ts'

/** An attribute of a name: its type as a dotted object identifier, and its value as text. */
interface Attribute {
  readonly type: string
  readonly value: string
}

/** The types that have a name, in the order of the text; `last` where only the last value counts. */
const namedTypes: readonly {
  readonly oid: string
  readonly name: string
  readonly last: boolean
}[] = [
  { oid: '2.5.4.5', name: 'SERIALNUMBER', last: true },
  { oid: '2.5.4.3', name: 'CN', last: true },
  { oid: '2.5.4.11', name: 'OU', last: false },
  { oid: '2.5.4.10', name: 'O', last: false },
  { oid: '2.5.4.17', name: 'POSTALCODE', last: false },
  { oid: '2.5.4.9', name: 'STREET', last: false },
  { oid: '2.5.4.7', name: 'L', last: false },
  { oid: '2.5.4.8', name: 'ST', last: false },
  { oid: '2.5.4.6', name: 'C', last: false },
]

/**
 * The text of a name (the content of its SEQUENCE) as Go prints it: named types first, in a fixed order that is not the
 * certificate's, then all others in reverse order as `oid=#hex`. Client ids are made of it, so that every byte counts.
 * spec: acra-server §4.2. Throws DerError.
 */
export function distinguishedNameText(name: Uint8Array): string {
  const attributes = readName(name)
  const named = namedTypes.flatMap(({ oid, name: label, last }) => {
    const values = attributes.filter(({ type }) => type === oid).map(({ value }) => value)
    const counted = last ? values.slice(-1) : values
    return counted.length === 0
      ? []
      : [counted.map((value) => `${label}=${escaped(value)}`).join('+')]
  })
  const others = attributes
    .filter(({ type }) => !namedTypes.some(({ oid }) => oid === type))
    .reverse()
    .map(({ type, value }) => `${type}=#${stringDer(value).toString('hex')}`)
  return [...named, ...others].join(',')
}

function readName(name: Uint8Array): Attribute[] {
  const attributes: Attribute[] = []
  const sets = new DerReader(name)
  while (!sets.atEnd) {
    const set = new DerReader(sets.expect(derTags.set))
    while (!set.atEnd) {
      const pair = new DerReader(set.expect(derTags.sequence))
      const type = dottedOid(pair.expect(derTags.objectIdentifier))
      const { tag, content } = pair.read()
      if (!pair.atEnd) throw new DerError('an attribute of a name has more than two parts')
      attributes.push({ type, value: stringText(tag, content) })
    }
  }
  return attributes
}

function stringText(tag: number, content: Buffer): string {
  switch (tag) {
    case 0x0c: // UTF8String
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // TeletexString, whose bytes Go takes as UTF-8
    case 0x16: // IA5String
      return content.toString('utf8')
    case 0x1e: // BMPString
      if (content.length % 2 !== 0) throw new DerError('a BMPString is cut off')
      return Buffer.from(content).swap16().toString('utf16le')
    default:
      throw new DerError('a value of a name is of a kind that is not supported')
  }
}

function escaped(value: string): string {
  const characters = [...value]
  const last = characters.length - 1
  return characters
    .map((character, at) => {
      const special =
        ',+"\\<>;'.includes(character) ||
        (character === ' ' && (at === 0 || at === last)) ||
        (character === '#' && at === 0)
      return special ? `\\${character}` : character
    })
    .join('')
}

/** The DER of a text as Go chooses it: PrintableString where its alphabet suffices, else UTF8String. */
function stringDer(value: string): Buffer {
  const content = Buffer.from(value)
  const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? 0x13 : 0x0c
  return Buffer.concat([Buffer.of(tag, ...lengthDer(content.length)), content])
}

function lengthDer(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 + octets.length, ...octets]
}
