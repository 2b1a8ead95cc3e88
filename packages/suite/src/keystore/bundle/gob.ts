import { KeystoreError } from '../errors.ts'

/** A file in a bundle of keystore v1: its path inside the key folder and its content, unwrapped. */
export interface BundledFile {
  readonly name: string
  readonly content: Buffer
}

/**
 * What every stream begins with: the definitions of the types 66 (a list of 65) and 65 (a struct of `Name` string and `Content` bytes). spec: keystore §5.1
 */
const DEFINITIONS = Buffer.from(
  '0dff83020102ff840001ff82000021ff81030102ff8200010201044e616d65010c000107436f6e74656e74010a000000',
  'hex',
)
const LIST_TYPE = 66
/** Far above any name of a key file. */
const NAME_SIZE_MAX = 1024

/** The stream that Go's `encoding/gob` writes for a list of key files. The caller overwrites it. */
export function encodeFiles(files: readonly BundledFile[]): Buffer {
  const parts = [signed(LIST_TYPE), Buffer.of(0), unsigned(files.length)]
  for (const { name, content } of files) {
    const text = Buffer.from(name)
    // An empty field is left out; each says how far it is from the one before.
    if (text.length > 0) parts.push(Buffer.of(1), unsigned(text.length), text)
    const distance = text.length > 0 ? 1 : 2
    if (content.length > 0) parts.push(Buffer.of(distance), unsigned(content.length), content)
    parts.push(Buffer.of(0))
  }
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([DEFINITIONS, unsigned(size), ...parts])
}

/**
 * The files in such a stream; their contents are views of it. Definitions of types are passed over, whatever they define.
 *
 * @throws KeystoreError `bundle-malformed`
 */
export function decodeFiles(stream: Buffer): BundledFile[] {
  const reader = new GobReader(stream)
  for (;;) {
    const message = reader.nested()
    if (message.signed() < 0) continue
    if (message.unsigned() !== 0) throw malformed()
    const files = listOf(message)
    if (!message.atEnd || !reader.atEnd) throw malformed()
    return files
  }
}

function listOf(message: GobReader): BundledFile[] {
  const count = message.unsigned()
  const files: BundledFile[] = []
  while (files.length < count) files.push(fileOf(message))
  return files
}

function fileOf(message: GobReader): BundledFile {
  let name = ''
  let content: Buffer = Buffer.alloc(0)
  let field = 0
  for (let distance = message.unsigned(); distance !== 0; distance = message.unsigned()) {
    field += distance
    if (field === 1) name = message.bytes(NAME_SIZE_MAX).toString('utf8')
    else if (field === 2) content = message.bytes(Number.MAX_SAFE_INTEGER)
    else throw malformed()
  }
  return { name, content }
}

/** Below 128 the number itself, else the count of its bytes, negated, and its bytes. */
function unsigned(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value)
  const size = value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4
  const bytes = Buffer.alloc(size + 1)
  bytes[0] = 256 - size
  bytes.writeUIntBE(value, 1, size)
  return bytes
}

function signed(value: number): Buffer {
  return unsigned(value * 2)
}

class GobReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  unsigned(): number {
    const first = this.#take(1)[0]!
    if (first < 0x80) return first
    const size = 256 - first
    if (size > 6) throw malformed()
    return this.#take(size).readUIntBE(0, size)
  }

  /** Bit 0 tells a number that was negative. */
  signed(): number {
    const value = this.unsigned()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  bytes(sizeMax: number): Buffer {
    const size = this.unsigned()
    if (size > sizeMax) throw malformed()
    return this.#take(size)
  }

  /** A reader for the next so many bytes, which say how many they are. */
  nested(): GobReader {
    return new GobReader(this.bytes(Number.MAX_SAFE_INTEGER))
  }

  #take(size: number): Buffer {
    const end = this.#at + size
    if (end > this.#bytes.length) throw malformed()
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

function malformed(): KeystoreError {
  return new KeystoreError('bundle-malformed', 'the bundle does not hold a list of key files')
}
