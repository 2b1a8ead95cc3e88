/** Looks for a string in bytes in every form in which it could have slipped through. */

/** The forms of `canary` of which one occurs in the bytes; null where none does. */
export function findCanary(canary: string, where: Searchable): string | null {
  const found = formsOf(canary).find(({ bytes, caseSensitive }) =>
    (caseSensitive ? where.bytes : where.folded).includes(bytes),
  )
  return found?.name ?? null
}

/** Bytes to be searched for many canaries. */
export interface Searchable {
  readonly bytes: Buffer
  /** The same with the letters A to Z in lower case. */
  readonly folded: Buffer
}

export function searchable(bytes: Buffer): Searchable {
  return { bytes, folded: fold(bytes) }
}

interface Form {
  readonly name: string
  readonly bytes: Buffer
  readonly caseSensitive: boolean
}

/** Base64 of fewer characters turns up in random bytes. */
const base64LengthMin = 5

function formsOf(canary: string): Form[] {
  const written = [canary, canary.replaceAll("'", "''"), canary.replaceAll('\\', '\\\\')].flatMap(
    (text) => [text, text.toLowerCase(), text.toUpperCase()],
  )
  const raw = Buffer.from(canary)
  return [
    ...written.map((text) => anyCase('text', Buffer.from(text))),
    ...written.map((text) => anyCase('hex', Buffer.from(Buffer.from(text).toString('hex')))),
    ...base64Forms(raw),
    ...integerForms(canary),
    // A canary that is itself bytes in hex must not pass as the bytes either.
    ...(/^(?:[0-9a-f]{2}){8,}$/i.test(canary) ? [exact('bytes', Buffer.from(canary, 'hex'))] : []),
  ]
}

/** What base64 makes of it at each of the three places where it can begin, without what its neighbours decide. */
function base64Forms(raw: Buffer): Form[] {
  return [0, 1, 2]
    .map((offset) => {
      const text = Buffer.concat([Buffer.alloc(offset), raw])
        .toString('base64')
        .replace(/=+$/, '')
      const first = Math.ceil((offset * 8) / 6)
      const last = Math.floor(((offset + raw.length) * 8) / 6)
      return text.slice(first, last)
    })
    .filter((text) => text.length >= base64LengthMin)
    .map((text) => exact('base64', Buffer.from(text)))
}

/** Digits as integers of 4 and 8 bytes, in both byte orders. */
function integerForms(canary: string): Form[] {
  if (!/^-?\d+$/.test(canary)) return []
  const value = BigInt(canary)
  const forms: Form[] = []
  for (const size of [4, 8]) {
    if (BigInt.asIntN(size * 8, value) !== value) continue
    const big = Buffer.alloc(8)
    big.writeBigInt64BE(value)
    const bytes = big.subarray(8 - size)
    forms.push(
      exact(`${size}-byte integer`, bytes),
      exact(`${size}-byte integer`, Buffer.from(bytes).reverse()),
    )
  }
  return forms
}

function anyCase(name: string, bytes: Buffer): Form {
  return { name, bytes: fold(bytes), caseSensitive: false }
}

function exact(name: string, bytes: Buffer): Form {
  return { name, bytes, caseSensitive: true }
}

function fold(bytes: Buffer): Buffer {
  const folded = Buffer.from(bytes)
  for (let at = 0; at < folded.length; at++) {
    const byte = folded[at] ?? 0
    if (byte >= 0x41 && byte <= 0x5a) folded[at] = byte | 0x20
  }
  return folded
}
