import { type AuditFormat, AuditLineError, lineForms, type Signed } from '../lines.ts'
import { ChainVerifier } from './chain-verifier.ts'
import { CheckpointVerifier, type KnownHead } from './checkpoint-verifier.ts'
import type { Finding, Place } from './finding.ts'
import type { SignedCheckpoint } from './history.ts'
import { linesOf } from './log-files.ts'

export interface VerifySettings {
  /** In the order in which they were written: one stream. */
  readonly files: readonly string[]
  readonly format: AuditFormat
  /** The versions of the audit log key; null where the chain is not verified. */
  readonly keys: readonly Uint8Array[] | null
  /** Genuine ones; null where there are none to verify by. */
  readonly checkpoints: readonly SignedCheckpoint[] | null
  /** What is known from elsewhere. */
  readonly known: readonly KnownHead[]
  /** Files that are missing are no error, nor are lines before the first file. */
  readonly isMissingOk: boolean
  /** Lines without a tag inside a chain are an error, and so is a log without its end. */
  readonly isStrict: boolean
  /** Told as soon as something is found. */
  readonly report: (finding: Finding) => void
}

/** What a log was found to be. */
export interface Verdict {
  /** Whether no error was found. */
  readonly isWhole: boolean
  readonly lines: number
  readonly signed: number
  readonly chains: number
  /** Signed lines that a checkpoint proves. */
  readonly covered: number
}

/** Verifies a log (audit-log.md §2): its chains by the key, and what checkpoints say of it. Never rejects for what is in the files. */
export async function verifyLog(settings: VerifySettings): Promise<Verdict> {
  const verification = new Verification(settings)
  for (const file of settings.files) await verification.file(file)
  return verification.end()
}

class Verification {
  readonly #settings: VerifySettings
  readonly #chain: ChainVerifier | null
  readonly #checkpoints: CheckpointVerifier | null
  #isWhole = true
  #lines = 0
  #signed = 0

  constructor(settings: VerifySettings) {
    this.#settings = settings
    const report = (finding: Finding) => this.#report(finding)
    const { keys, checkpoints, known } = settings
    this.#chain = keys && new ChainVerifier(keys, report)
    const plain = checkpoints?.map(({ checkpoint }) => checkpoint)
    this.#checkpoints = plain ? new CheckpointVerifier(plain, known, report) : null
  }

  async file(file: string): Promise<void> {
    let number = 0
    try {
      for await (const lines of linesOf(file)) {
        for (const line of lines) this.#line({ file, line: ++number }, line)
      }
    } catch (error) {
      this.#unreadable(file, error)
    }
  }

  end(): Verdict {
    this.#chain?.end(this.#settings.isStrict)
    this.#checkpoints?.end(this.#settings.isMissingOk)
    return {
      isWhole: this.#isWhole,
      lines: this.#lines,
      signed: this.#signed,
      chains: this.#chain?.chains ?? 0,
      covered: this.#checkpoints?.covered ?? 0,
    }
  }

  #line(place: Place, bytes: Buffer): void {
    this.#lines++
    if (bytes.length === 0) return
    const signed = this.#signedOf(place, bytes)
    if (signed === null) return
    this.#signed++
    this.#chain?.line({ ...signed, place })
    this.#checkpoints?.line(place, bytes, signed.tag.toString('hex'))
  }

  /** Null where there is nothing to verify. */
  #signedOf(place: Place, bytes: Buffer): Signed | null {
    try {
      const signed = lineForms[this.#settings.format].signed(bytes)
      if (signed === null) this.#unsigned(place)
      return signed
    } catch (error) {
      if (!(error instanceof AuditLineError)) throw error
      const message = `cannot be read: ${error.message}`
      this.#report({ severity: 'error', kind: 'malformed', place, message })
      return null
    }
  }

  #unsigned(place: Place): void {
    const isOdd = this.#settings.isStrict && (this.#chain?.isInside ?? false)
    const message = `No integrity check for line:  ${place.line}`
    this.#report({ severity: isOdd ? 'error' : 'warning', kind: 'unsigned', place, message })
  }

  #unreadable(file: string, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      const severity = this.#settings.isMissingOk ? 'warning' : 'error'
      const text = `file:  ${file} is missing`
      this.#report({ severity, kind: 'missing-file', place: null, message: text })
      return
    }
    const text = `unexpected error occurred while log file processing:  ${file}: ${message}`
    this.#report({ severity: 'error', kind: 'malformed', place: null, message: text })
  }

  #report(finding: Finding): void {
    if (finding.severity === 'error') this.#isWhole = false
    this.#settings.report(finding)
  }
}
