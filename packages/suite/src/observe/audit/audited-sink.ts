import type { Sink } from '../sink.ts'
import { AuditChain } from './chain.ts'
import {
  type AuditFormat,
  AuditLineError,
  type LineForm,
  lineForms,
  type Unsigned,
} from './lines.ts'

/** Told of every line that was signed and written, without its newline. */
export type OnSigned = (line: string, tag: string) => void

/**
 * A sink whose lines are signed, from `begin` on. It has a chain of its own: a line that could not be written is not part of it, so
 * that what was written can be verified whatever became of another sink.
 */
export class AuditedSink implements Sink {
  readonly #sink: Sink
  readonly #format: AuditFormat
  readonly #form: LineForm
  readonly #onSigned: OnSigned
  #chain: AuditChain | null = null

  constructor(sink: Sink, format: AuditFormat, onSigned: OnSigned = () => {}) {
    this.#sink = sink
    this.#format = format
    this.#form = lineForms[format]
    this.#onSigned = onSigned
  }

  /** Begins a chain with this key: the next line is its first one. */
  begin(key: Uint8Array): void {
    this.#chain?.wipe()
    this.#chain = new AuditChain(key)
  }

  /** Lines are not signed any more. */
  end(): void {
    this.#chain?.wipe()
    this.#chain = null
  }

  write(line: string): void {
    const chain = this.#chain
    if (chain === null) {
      this.#sink.write(line)
      return
    }
    const unsigned = this.#unsigned(line)
    const step = chain.next(unsigned.covered)
    const signed = unsigned.signed(step)
    this.#sink.write(signed)
    chain.take(step)
    this.#onSigned(signed.slice(0, -1), step.tag)
  }

  /** A line of another process may be cut by its end. */
  #unsigned(line: string): Unsigned {
    try {
      return this.#form.unsigned(line)
    } catch (error) {
      if (!(error instanceof AuditLineError) || this.#format !== 'json') throw error
      const text = { level: 'error', msg: 'Cut line of a process that has ended', line }
      return this.#form.unsigned(`${JSON.stringify(text)}\n`)
    }
  }
}
