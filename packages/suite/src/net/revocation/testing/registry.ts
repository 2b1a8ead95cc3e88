/** What an authority knows of its certificates, told by the `openssl` program: answers of its responder, and lists. For tests. */
import { execFileSync, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Certificate } from '../../tls/testing/index.ts'

export interface AnswerOptions {
  /** Who signs; the authority itself by default. */
  readonly signer?: Certificate
  /** For how many minutes it holds; absent: it does not say. */
  readonly minutes?: number
  readonly flags?: readonly string[]
}

export interface ListOptions {
  /** Times of openssl: `20250101000000Z`. Default: from now on, for a day. */
  readonly from?: string
  readonly to?: string
  /** Lines of openssl's extension section. */
  readonly extensions?: readonly string[]
}

/** A responder in a process of its own. */
export interface Responder {
  readonly url: string
  stop(): void
}

/** The books of one authority. */
export class Registry {
  readonly #authority: Certificate
  readonly #folder: string
  readonly #lines: string[] = []

  constructor(folder: string, authority: Certificate) {
    this.#authority = authority
    this.#folder = mkdtempSync(join(folder, 'registry-'))
    this.#write()
  }

  /** Books with the same lines. */
  copy(): Registry {
    const other = new Registry(this.#folder, this.#authority)
    other.#lines.push(...this.#lines)
    return other
  }

  /** The authority has made this certificate. */
  add({ cert }: Certificate): void {
    this.#note('V', '', cert)
  }

  revoke({ cert }: Certificate): void {
    this.#note('R', '250101000000Z', cert)
  }

  /** The question about a certificate as openssl asks it. */
  question(certFile: string, flags: readonly string[]): Buffer {
    const request = this.#path('question.der')
    const about = ['-issuer', this.#authority.certFile, '-cert', certFile]
    openssl(['ocsp', ...about, ...flags, '-reqout', request])
    return readFileSync(request)
  }

  /** Answers a question as a responder does, both in DER. */
  answer(question: Buffer, { signer, minutes, flags = [] }: AnswerOptions = {}): Buffer {
    const { certFile, keyFile } = signer ?? this.#authority
    const [request, response] = [this.#path('request.der'), this.#path('response.der')]
    writeFileSync(request, question)
    openssl([
      ...['ocsp', '-index', this.#path('index.txt'), '-CA', this.#authority.certFile],
      ...['-rsigner', certFile, '-rkey', keyFile, '-reqin', request, '-respout', response],
      ...(minutes === undefined ? [] : ['-nmin', String(minutes)]),
      ...flags,
    ])
    return readFileSync(response)
  }

  /** Starts the responder of openssl, which goes by what the books say now. */
  async respond(): Promise<Responder> {
    const { certFile, keyFile } = this.#authority
    const child = spawn(
      'openssl',
      [
        ...['ocsp', '-index', this.#path('index.txt'), '-CA', certFile, '-port', '0'],
        ...['-rsigner', certFile, '-rkey', keyFile, '-nmin', '5', '-ignore_err'],
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const port = await new Promise<string>((resolve, reject) => {
      child.once('close', () => reject(new Error('the responder of openssl has ended')))
      createInterface(child.stdout).on('line', (line) => {
        const named = /^ACCEPT .*:(\d+)\b/.exec(line)?.[1]
        if (named !== undefined) resolve(named)
      })
    })
    return { url: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGKILL') }
  }

  /** A list of what was revoked, in PEM. */
  list({ from, to, extensions = [] }: ListOptions = {}): Buffer {
    const { certFile, keyFile } = this.#authority
    const config = this.#path('ca.cnf')
    const section = extensions.length === 0 ? '' : `[list]\n${extensions.join('\n')}\n`
    writeFileSync(
      config,
      `[ca]\ndefault_ca=books\n[books]\ndatabase=${this.#path('index.txt')}\ndefault_md=sha256\n${section}`,
    )
    const out = this.#path('list.pem')
    openssl([
      ...['ca', '-config', config, '-gencrl', '-keyfile', keyFile, '-cert', certFile, '-out', out],
      ...(from === undefined ? [] : ['-crl_lastupdate', from]),
      ...(to === undefined ? ['-crldays', '1'] : ['-crl_nextupdate', to]),
      ...(section === '' ? [] : ['-crlexts', 'list']),
    ])
    return readFileSync(out)
  }

  #note(state: string, since: string, pem: string): void {
    const { serialNumber } = new X509Certificate(pem)
    const before = this.#lines.findIndex((line) => line.includes(serialNumber))
    if (before >= 0) this.#lines.splice(before, 1)
    this.#lines.push(
      [state, LATER, since, serialNumber, 'unknown', `/CN=${serialNumber}`].join('\t'),
    )
    this.#write()
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #write(): void {
    writeFileSync(this.#path('index.txt'), this.#lines.map((line) => `${line}\n`).join(''))
  }
}

const LATER = '491231235959Z'

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
