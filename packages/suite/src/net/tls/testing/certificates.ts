/** Certificates for tests, made by the `openssl` program in a folder of the test's. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type KeyKind = 'ecdsa' | 'rsa'

export interface CertificateOptions {
  /** As openssl writes it: `/O=Example/CN=name`. Default: the name as CN. */
  readonly subject?: string
  /** Lines of openssl's extension section. */
  readonly extensions?: readonly string[]
  /** Days from now; negative ones have passed. Default: 1. */
  readonly days?: number
  readonly key?: KeyKind
}

/** A certificate and its key, on disk and as text. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** An authority that makes certificates. */
export interface Authority extends Certificate {
  /** For a server that is called `localhost` and 127.0.0.1, unless `extensions` say otherwise. */
  server(name: string, options?: CertificateOptions): Certificate
  /** For a client. */
  client(name: string, options?: CertificateOptions): Certificate
}

export const loopbackNames = 'subjectAltName=DNS:localhost,IP:127.0.0.1'

/** Makes an authority in `folder`. */
export function createAuthority(folder: string, name: string, kind: KeyKind = 'ecdsa'): Authority {
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,cRLSign']
  const own = create(folder, name, null, { key: kind, extensions })
  return {
    ...own,
    server: (leaf, options) =>
      create(folder, leaf, own, { key: kind, extensions: [loopbackNames], ...options }),
    client: (leaf, options) =>
      create(folder, leaf, own, {
        key: kind,
        extensions: ['keyUsage=digitalSignature', 'extendedKeyUsage=clientAuth'],
        ...options,
      }),
  }
}

/** A certificate for a client that somebody else than an `Authority` has made. */
export function certifiedBy(folder: string, issuer: Certificate, name: string): Certificate {
  return create(folder, name, issuer, { extensions: ['keyUsage=digitalSignature'] })
}

function create(
  folder: string,
  name: string,
  issuer: Certificate | null,
  { subject = `/CN=${name}`, extensions = [], days = 1, key = 'ecdsa' }: CertificateOptions,
): Certificate {
  const path = (suffix: string) => join(folder, `${name}.${suffix}`)
  const [certFile, keyFile] = [path('crt'), path('key')]
  writeFileSync(path('ext'), `${extensions.join('\n')}\n`)
  const kind = key === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const request = ['req', '-new', '-utf8', '-newkey', ...kind, '-nodes', '-subj', subject]
  openssl([...request, '-keyout', keyFile, '-out', path('csr')])
  const signer = issuer
    ? ['-CA', issuer.certFile, '-CAkey', issuer.keyFile, '-CAcreateserial']
    : ['-signkey', keyFile]
  const signed = ['x509', '-req', '-in', path('csr'), '-days', String(days)]
  openssl([...signed, '-extfile', path('ext'), ...signer, '-out', certFile])
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'latin1'),
    key: readFileSync(keyFile, 'latin1'),
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
