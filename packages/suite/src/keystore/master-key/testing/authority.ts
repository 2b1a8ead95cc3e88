import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key, on disk and as text. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** A certificate authority with its files in `folder`. */
export class Authority {
  readonly #folder: string
  readonly own: Certificate

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.own = this.#create(name, 'basicConstraints=critical,CA:TRUE', [])
  }

  /** A certificate for `localhost` and 127.0.0.1, good for both sides. */
  issue(name: string): Certificate {
    const { certFile, keyFile } = this.own
    const by = ['-CA', certFile, '-CAkey', keyFile, '-CAcreateserial']
    return this.#create(name, 'subjectAltName=DNS:localhost,IP:127.0.0.1', by)
  }

  #create(name: string, extension: string, by: readonly string[]): Certificate {
    const path = (suffix: string) => join(this.#folder, `${name}.${suffix}`)
    const [certFile, keyFile, request] = [path('crt'), path('key'), path('csr')]
    writeFileSync(path('ext'), `${extension}\n`)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl(['req', '-new', ...key, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request])
    const signer = by.length > 0 ? by : ['-signkey', keyFile]
    const signing = ['x509', '-req', '-in', request, '-days', '2', '-extfile', path('ext')]
    openssl([...signing, ...signer, '-out', certFile])
    const [cert, keyText] = [certFile, keyFile].map((file) => readFileSync(file, 'latin1'))
    return { certFile, keyFile, cert: cert!, key: keyText! }
  }
}

function openssl(words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
