import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'

/** Certificates of a chain at most. OpenSSL has verified a shorter one. */
const LENGTH_MAX = 32

/** Finds the chains that OpenSSL has verified, which Node does not tell. */
export class PeerChains {
  readonly #authorities: readonly string[]
  #bySubject: ReadonlyMap<string, readonly X509Certificate[]> | null = null

  /** `authorities` are those that the connection was verified with: certificates in PEM. */
  constructor(authorities: readonly string[]) {
    this.#authorities = authorities
  }

  /**
   * The certificates from the peer's own to that of an authority that we trust, each signed by the next. Empty where the peer showed
   * none, or none of them leads there. `shown` is what `getPeerCertificate(true)` gives. As with OpenSSL an authority of ours comes before what the peer sends.
   */
  of(shown: PeerCertificate | null): readonly X509Certificate[] {
    const sent = certificatesIn(shown)
    const [own] = sent
    if (own === undefined) return []
    const chain = [own]
    for (let last = own; chain.length < LENGTH_MAX; ) {
      const trusted = this.#issuersOf(last.issuer).find((issuer) => hasMade(issuer, last))
      if (trusted !== undefined) {
        return trusted.raw.equals(last.raw) ? chain : [...chain, trusted]
      }
      const issuer = sent.find((other) => !chain.includes(other) && hasMade(other, last))
      if (issuer === undefined) return []
      chain.push(issuer)
      last = issuer
    }
    return []
  }

  #issuersOf(name: string): readonly X509Certificate[] {
    this.#bySubject ??= grouped(this.#authorities)
    return this.#bySubject.get(name) ?? []
  }
}

function grouped(authorities: readonly string[]): ReadonlyMap<string, readonly X509Certificate[]> {
  const bySubject = new Map<string, X509Certificate[]>()
  for (const pem of authorities) {
    const certificate = new X509Certificate(pem)
    const others = bySubject.get(certificate.subject)
    if (others === undefined) bySubject.set(certificate.subject, [certificate])
    else others.push(certificate)
  }
  return bySubject
}

/** The certificate that the peer has shown, in DER; null where it has shown none. `getPeerX509Certificate` takes the others from OpenSSL when it is first called. */
export function peerCertificate(socket: TLSSocket): Buffer | null {
  const { raw }: Partial<PeerCertificate> = socket.getPeerCertificate()
  return raw ?? null
}

/** What the peer has shown: its own certificate, then the others that Node knows of. */
function certificatesIn(shown: PeerCertificate | null): readonly X509Certificate[] {
  const sent: X509Certificate[] = []
  let at: Partial<DetailedPeerCertificate> | undefined = shown ?? undefined
  // The last one is its own issuer.
  while (at?.raw !== undefined && sent.length < LENGTH_MAX) {
    sent.push(new X509Certificate(at.raw))
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  }
  return sent
}

function hasMade(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
