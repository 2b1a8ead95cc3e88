import { setImmediate as turn } from 'node:timers/promises'
import { AsnConvert } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier, type Extension, Extensions, Time } from '@peculiar/asn1-x509'
import { type DerElement, DerError, DerReader, derTags, dottedOid } from '../identity/index.ts'
import { SourceError } from './revocation-error.ts'
import type { Signed } from './signature.ts'

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
/** Context tag of the extensions of a list. */
const EXTENSIONS = 0xa0
const UNKNOWN_CRITICAL = 'unable to process unknown critical extension inside CRL'

/** Extensions of an entry that take nothing away from what it says. spec: cli-tools §2.6 */
const entryExtensions = new Set(
  [15, 32, 17, 19, 30, 36, 37, 54, 35, 14, 33].map((last) => `2.5.29.${last}`),
)

/** Entries that are looked at before others get their turn. */
const ENTRIES_AT_ONCE = 10_000

/** A list of revoked certificates, as its bytes say. Whether they can be believed is not told here. */
export interface RevocationList {
  /** The content of the name of who has made it. */
  readonly issuer: Buffer
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  /** Null where it does not say until when it holds. */
  readonly nextUpdate: number | null
  readonly extensions: readonly Extension[]
  readonly signed: Signed
  /** The entries, one after the other. */
  readonly entries: Buffer
  /** Of all of it. */
  readonly size: number
}

/**
 * Reads a list, in DER or PEM. Its entries stay what they are, since there may be hundreds of thousands: they are only looked at for
 * critical extensions. Rejects with SourceError. `CertificateList ::= SEQUENCE { TBSCertList, AlgorithmIdentifier, BIT STRING }`.
 */
export async function readList(bytes: Buffer): Promise<RevocationList> {
  const list = orMalformed(() => readOutside(derOf(bytes)))
  await checkEntries(list.entries)
  return list
}

/** Whether the list names the serial number, given as the content of its INTEGER. */
export function isListed({ entries }: RevocationList, serial: Buffer): boolean {
  const element = Buffer.concat([Buffer.of(derTags.integer, serial.length), serial])
  // Where the bytes occur nowhere there is no such entry; where they do it may be in the midst of something else.
  if (!entries.includes(element)) return false
  return orMalformed(() => {
    const reader = new DerReader(entries)
    while (!reader.atEnd) {
      const entry = new DerReader(reader.expect(derTags.sequence))
      if (entry.expect(derTags.integer).equals(serial)) return true
    }
    return false
  })
}

/** `TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates, [0] extensions }`. */
function readOutside(der: Buffer): RevocationList {
  const file = new DerReader(der)
  const outer = new DerReader(file.expect(derTags.sequence))
  const signed = outer.expectElement(derTags.sequence)
  const algorithm = outer.expectElement(derTags.sequence)
  const signature = outer.expect(derTags.bitString)
  if (!file.atEnd || !outer.atEnd) throw new DerError('bytes follow the list')
  const fields = new DerReader(signed.content)
  if (fields.nextTag === derTags.integer) fields.read()
  if (!fields.expectElement(derTags.sequence).whole.equals(algorithm.whole)) {
    throw new DerError('two signature algorithms are named')
  }
  const issuer = fields.expect(derTags.sequence)
  const thisUpdate = timeOf(fields.read())
  const nextUpdate = isTime(fields.nextTag) ? timeOf(fields.read()) : null
  const isFull = fields.nextTag === derTags.sequence
  const entries = isFull ? fields.expect(derTags.sequence) : Buffer.alloc(0)
  const extensions = fields.atEnd ? [] : extensionsIn(fields.expect(EXTENSIONS))
  if (!fields.atEnd) throw new DerError('bytes follow the extensions')
  const { algorithm: name, parameters } = AsnConvert.parse(algorithm.whole, AlgorithmIdentifier)
  return {
    issuer,
    thisUpdate,
    nextUpdate,
    extensions,
    signed: {
      bytes: signed.whole,
      algorithm: name,
      parameters: parameters ? new Uint8Array(parameters) : null,
      signature: signature.subarray(1), // Before it stands how many bits are unused: none.
    },
    entries,
    size: der.length,
  }
}

/** Throws SourceError where an entry says more than that its certificate was revoked, and we do not know what. */
async function checkEntries(entries: Buffer): Promise<void> {
  const reader = new DerReader(entries)
  for (let count = 1; !reader.atEnd; count++) {
    orMalformed(() => checkEntry(new DerReader(reader.expect(derTags.sequence))))
    if (count % ENTRIES_AT_ONCE === 0) await turn()
  }
}

/** `SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }`. */
function checkEntry(entry: DerReader): void {
  entry.expect(derTags.integer)
  entry.read()
  if (entry.atEnd) return
  const extensions = new DerReader(entry.expect(derTags.sequence))
  while (!extensions.atEnd) {
    const extension = new DerReader(extensions.expect(derTags.sequence))
    const type = dottedOid(extension.expect(derTags.objectIdentifier))
    const isCritical = extension.nextTag === derTags.boolean && extension.read().content[0] !== 0
    if (isCritical && !entryExtensions.has(type)) throw new SourceError(UNKNOWN_CRITICAL)
  }
}

function extensionsIn(content: Buffer): readonly Extension[] {
  return [...AsnConvert.parse(content, Extensions)]
}

function isTime(tag: number | null): boolean {
  return tag === UTC_TIME || tag === GENERALIZED_TIME
}

function timeOf({ whole }: DerElement): number {
  return AsnConvert.parse(whole, Time).getTime().getTime()
}

function derOf(bytes: Buffer): Buffer {
  const [, base64] =
    /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/.exec(bytes.toString('latin1')) ?? []
  return base64 === undefined ? bytes : Buffer.from(base64, 'base64')
}

function orMalformed<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof SourceError) throw cause
    throw new SourceError('what was fetched is no revocation list', { cause })
  }
}
