import { respondersIn, type Source, sourcesFor } from './addresses.ts'
import { fetchBytes } from './fetch.ts'
import { InFlight } from './in-flight.ts'
import type { Link } from './link.ts'
import { encodeQuestion, type OcspStatus, readAnswer } from './ocsp-message.ts'
import { RevocationError, SourceError } from './revocation-error.ts'
import { revoked } from './revoked.ts'
import type { OcspSettings } from './settings.ts'
import type { Surroundings } from './surroundings.ts'

const TIMEOUT_MS = 15_000
/** An answer has a few hundred bytes, and the certificates of the responder. */
const ANSWER_SIZE_MAX = 64 * 1024

/** Asks responders whether certificates have been revoked. spec: acra-server §6, cli-tools §2.6 */
export class Ocsp {
  readonly #settings: OcspSettings
  readonly #surroundings: Surroundings
  readonly #inFlight = new InFlight<OcspStatus>()

  constructor(settings: OcspSettings, surroundings: Surroundings) {
    this.#settings = settings
    this.#surroundings = surroundings
  }

  get onlyLeaf(): boolean {
    return this.#settings.onlyLeaf
  }

  /** Rejects with RevocationError unless those who are asked say enough. A certificate about which nobody can be asked passes. */
  async check(link: Link): Promise<void> {
    const { required, fromCertificate } = this.#settings
    const sources = sourcesFor(link, this.#settings, respondersIn)
    let isConfirmed = false
    for (const source of sources) {
      if (!(await this.#isConfirmedBy(source, link))) continue
      isConfirmed = true
      const isEnough = fromCertificate === 'trust' && source.isOfCertificate
      if (required !== 'requireGood' || isEnough) return
    }
    if (!isConfirmed && sources.length > 0) throw notConfirmed()
  }

  /** Looks whether the responder of the options is there. */
  async probe(): Promise<void> {
    const { url } = this.#settings
    if (url === null) return
    await this.#fetch(url, 'HEAD').catch((error) => this.#tell(url.href, error))
  }

  /** False where nothing is known by this answer. */
  async #isConfirmedBy({ url }: Source, link: Link): Promise<boolean> {
    const { required } = this.#settings
    const status = await this.#ask(url, link)
    if (status === 'revoked') throw revoked(link)
    if (status === null && required === 'requireGood') throw notAsked()
    if (status === 'unknown' && required !== 'allowUnknown') throw unknown()
    return status !== null
  }

  /** Null where there is no answer that can be believed. */
  async #ask(url: string, link: Link): Promise<OcspStatus | null> {
    try {
      return await this.#inFlight.ask(`${url} ${link.id}`, () => this.#askNow(url, link))
    } catch (error) {
      this.#tell(url, error)
      return null
    }
  }

  async #askNow(text: string, link: Link): Promise<OcspStatus> {
    const url = URL.canParse(text) ? new URL(text) : null
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new SourceError('cannot query OCSP server, unsupported URL scheme')
    }
    const { bytes, nonce } = encodeQuestion(link)
    const answer = await this.#fetch(url, 'POST', bytes)
    return readAnswer(answer, link, nonce, this.#surroundings.now())
  }

  #fetch(url: URL, method: 'POST' | 'HEAD', body?: Buffer): Promise<Buffer> {
    return fetchBytes(url, {
      method,
      headers: {
        'Content-Type': 'application/ocsp-request',
        Accept: 'application/ocsp-response',
      },
      ...(body === undefined ? {} : { body }),
      sizeMax: ANSWER_SIZE_MAX,
      timeoutMs: TIMEOUT_MS,
      authorities: this.#surroundings.authorities,
    })
  }

  #tell(url: string, error: unknown): void {
    if (!(error instanceof SourceError)) throw error
    this.#surroundings.onTrouble(url, error.message)
  }
}

function unknown(): RevocationError {
  return notKnown(
    "OCSP server doesn't know about certificate",
    'Ask its authority; or set --tls_ocsp_required=allowUnknown.',
  )
}

function notAsked(): RevocationError {
  return notKnown(
    'cannot query OCSP server, but --tls_ocsp_required=requireGood was passed',
    SEE_LOG,
  )
}

function notConfirmed(): RevocationError {
  return notKnown('none of OCSP servers confirmed the certificate', SEE_LOG)
}

const SEE_LOG = 'The log says which responder was asked, and what was wrong with its answer.'

function notKnown(message: string, hint: string): RevocationError {
  return new RevocationError('revocation-not-known', message, hint)
}
