import type { X509Certificate } from 'node:crypto'
import { Crl } from './crl.ts'
import { linksOf } from './link.ts'
import { Ocsp } from './ocsp.ts'
import { RevocationError } from './revocation-error.ts'
import type { RevocationSettings } from './settings.ts'
import type { Surroundings } from './surroundings.ts'

/** Whether certificates that their chain makes trusted have been revoked since. */
export class Revocation {
  readonly #ocsp: Ocsp | null
  readonly #crl: Crl | null

  constructor({ ocsp, crl }: RevocationSettings, surroundings: Surroundings) {
    this.#ocsp = ocsp && new Ocsp(ocsp, surroundings)
    this.#crl = crl && new Crl(crl, surroundings)
  }

  /** Rejects with RevocationError where a certificate of a verified chain, the peer's own first, must not be trusted. */
  async check(chain: readonly X509Certificate[]): Promise<void> {
    if (chain.length === 0) {
      const hint = 'The peer showed no certificate that leads to an authority.'
      throw new RevocationError('revocation-not-known', 'empty verified certificates chain', hint)
    }
    const links = linksOf(chain)
    for (const checker of [this.#ocsp, this.#crl]) {
      if (checker === null) continue
      for (const link of checker.onlyLeaf ? links.slice(0, 1) : links) await checker.check(link)
    }
  }

  /** Looks whether those whom the options name are there; where not, that is told, and nothing else happens. */
  async probe(): Promise<void> {
    await Promise.all([this.#ocsp?.probe(), this.#crl?.probe()])
  }
}
