import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { listsIn, type Source, sourcesFor } from './addresses.ts'
import { CrlCache } from './crl-cache.ts'
import { isListed, type RevocationList, readList } from './crl-list.ts'
import { checkScope } from './crl-scope.ts'
import { fetchBytes } from './fetch.ts'
import { InFlight } from './in-flight.ts'
import type { Link } from './link.ts'
import { RevocationError, SourceError } from './revocation-error.ts'
import { revoked } from './revoked.ts'
import type { CrlSettings } from './settings.ts'
import { isSignedBy } from './signature.ts'
import type { Surroundings } from './surroundings.ts'

const TIMEOUT_MS = 20_000
/** The largest lists of public authorities have a few megabytes. */
const LIST_SIZE_MAX = 32 * 1024 * 1024
/** How far the clocks of an authority and of ours may differ. */
const SKEW_MS = 5 * 60_000
/** The bit of the key usages that lets an authority sign lists. */
const CRL_SIGN = 0x02
const KEY_USAGE = '2.5.29.15'

/** Looks in lists whether certificates have been revoked. spec: acra-server §6, cli-tools §2.6 */
export class Crl {
  readonly #settings: CrlSettings
  readonly #surroundings: Surroundings
  readonly #cache: CrlCache
  readonly #inFlight = new InFlight<RevocationList>()

  constructor(settings: CrlSettings, surroundings: Surroundings) {
    this.#settings = settings
    this.#surroundings = surroundings
    this.#cache = new CrlCache(settings.cacheSize, settings.cacheTimeMs)
  }

  get onlyLeaf(): boolean {
    return this.#settings.onlyLeaf
  }

  /** Rejects with RevocationError where a list names the certificate, or cannot be used. */
  async check(link: Link): Promise<void> {
    for (const source of sourcesFor(link, this.#settings, listsIn)) {
      const list = await this.#usable(source, link)
      if (isListed(list, link.parts.serial)) throw revoked(link)
      if (this.#settings.fromCertificate === 'trust' && source.isOfCertificate) return
    }
  }

  /** Looks whether the list of the options is there. */
  async probe(): Promise<void> {
    const { url } = this.#settings
    if (url === null) return
    try {
      await readList(await this.#fetch(url, false))
    } catch (error) {
      this.#tell(url.href, error)
    }
  }

  async #usable(source: Source, link: Link): Promise<RevocationList> {
    try {
      const list = await this.#list(source, link)
      checkScope(list, link)
      return list
    } catch (error) {
      this.#tell(source.url, error)
      throw notKnown()
    }
  }

  /** The list of the certificate's authority that stands at the address: kept from before, or fetched and verified. */
  async #list({ url: text, isOfCertificate }: Source, link: Link): Promise<RevocationList> {
    const key = `${text} ${link.issuer.fingerprint256}`
    const kept = this.#cache.get(key, this.#surroundings.now())
    if (kept !== null) return kept
    return this.#inFlight.ask(key, async () => {
      const url = URL.canParse(text) ? new URL(text) : null
      if (url === null) throw new SourceError('cannot fetch CRL, unsupported URL scheme')
      const list = await readList(await this.#fetch(url, isOfCertificate))
      checkMaker(list, link)
      const now = this.#surroundings.now()
      checkTimes(list, now)
      this.#cache.set(key, list, now)
      return list
    })
  }

  #fetch(url: URL, isOfCertificate: boolean): Promise<Buffer> {
    if (url.protocol === 'file:') {
      // Whoever makes certificates has no say in which of our files are read.
      if (isOfCertificate) throw new SourceError('not allowed to fetch from local (file://) URLs')
      return readWhole(url)
    }
    if (!/^https?:$/.test(url.protocol)) {
      throw new SourceError('cannot fetch CRL, unsupported URL scheme')
    }
    return fetchBytes(url, {
      method: 'GET',
      headers: { Accept: 'application/pkix-crl, application/pem-certificate-chain' },
      sizeMax: LIST_SIZE_MAX,
      timeoutMs: TIMEOUT_MS,
      authorities: this.#surroundings.authorities,
    })
  }

  #tell(url: string, error: unknown): void {
    if (!(error instanceof SourceError)) throw error
    this.#surroundings.onTrouble(url, error.message)
  }
}

function checkMaker(list: RevocationList, { issuer, issuerParts }: Link): void {
  if (!list.issuer.equals(issuerParts.subject)) {
    throw new SourceError('the list is of another authority than the certificate')
  }
  const usage = issuerParts.extensions.get(KEY_USAGE)
  // `BIT STRING`: tag, length, the number of unused bits, then the bits from the highest on.
  if (usage !== undefined && ((usage[3] ?? 0) & CRL_SIGN) === 0) {
    throw new SourceError('the authority of the certificate may not sign lists')
  }
  if (!isSignedBy(issuer.publicKey, list.signed)) {
    throw new SourceError('the list is not signed by the authority of the certificate')
  }
}

function checkTimes({ thisUpdate, nextUpdate }: RevocationList, now: number): void {
  // Times that are none must not pass.
  if (!(thisUpdate <= now + SKEW_MS)) throw new SourceError('the list is not valid yet')
  if (nextUpdate === null) throw new SourceError('the list does not say until when it holds')
  if (!(now < nextUpdate)) throw new SourceError('fetched CRLs NextUpdate is behind current time')
}

async function readWhole(url: URL): Promise<Buffer> {
  let file: FileHandle
  try {
    file = await open(url)
  } catch (cause) {
    throw new SourceError(`the file cannot be opened: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    })
  }
  try {
    if ((await file.stat()).size > LIST_SIZE_MAX) {
      throw new SourceError(`the file has more than ${LIST_SIZE_MAX} bytes`)
    }
    return await file.readFile()
  } finally {
    await file.close()
  }
}

function notKnown(): RevocationError {
  return new RevocationError(
    'revocation-not-known',
    'the revocation list of the certificate cannot be used',
    'The log says which list it is, and what is wrong with it.',
  )
}
