import { asciiOf, bytesOf, type TypeCodec } from './codec.ts'
import { isJson } from './json-text.ts'

const truthWords: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'tru', 'tr', 't', 'yes', 'ye', 'y', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'fals', 'fal', 'fa', 'f', 'no', 'n', 'off', 'of', '0'].map(
    (word) => [word, false] as const,
  ),
])

export const bool: TypeCodec = {
  oid: 16,
  size: 1,
  canonical(text) {
    const value = text.length > 16 ? undefined : truthWords.get(asciiOf(text).toLowerCase())
    return value === undefined ? null : bytesOf(value ? 't' : 'f')
  },
  toBinary: (text) => Buffer.of(text[0] === 0x74 ? 1 : 0),
  fromBinary: (bytes) => (bytes.length === 1 ? bytesOf(bytes[0] === 0 ? 'f' : 't') : null),
}

const UUID_SIZE = 16
const uuidText = /^[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}$/

export const uuid: TypeCodec = {
  oid: 2950,
  size: UUID_SIZE,
  canonical(text) {
    if (text.length > 64) return null
    const bare = asciiOf(text)
      .toLowerCase()
      .replace(/^\{(.*)\}$/, '$1')
    return uuidText.test(bare) ? printUuid(bare.replaceAll('-', '')) : null
  },
  toBinary: (text) => Buffer.from(text.toString('latin1').replaceAll('-', ''), 'hex'),
  fromBinary: (bytes) => (bytes.length === UUID_SIZE ? printUuid(bytes.toString('hex')) : null),
}

function printUuid(digits: string): Buffer {
  return bytesOf(digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
}

/** JSON is kept as it is written; it must be JSON. */
function json(oid: number, version: Buffer): TypeCodec {
  const checked = (text: Buffer): Buffer | null => (isJson(text) ? text : null)
  return {
    oid,
    size: -1,
    canonical: checked,
    toBinary: (text) => (version.length === 0 ? text : Buffer.concat([version, text])),
    fromBinary(bytes) {
      if (!bytes.subarray(0, version.length).equals(version)) return null
      return checked(bytes.subarray(version.length))
    },
  }
}

export const jsonText: TypeCodec = json(114, Buffer.alloc(0))
/** Of jsonb the binary format is the text behind its version, 1. */
export const jsonb: TypeCodec = json(3802, Buffer.of(1))
