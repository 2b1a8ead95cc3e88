import type { Sink } from '../sink.ts'
import { AuditedSink } from './audited-sink.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { AuditFormat } from './lines.ts'

/** The signing of a log in all its outputs. Lines pass unsigned until `begin`. */
export class AuditTrail {
  readonly #sinks: AuditedSink[] = []
  #checkpoints: Checkpoints | null = null

  /** An output of the log. One of them, `isCovered`, is what checkpoints are about. */
  wrap(sink: Sink, format: AuditFormat, isCovered: boolean): Sink {
    const audited = new AuditedSink(sink, format, (line, tag) => {
      if (isCovered) this.#checkpoints?.line(line, tag)
    })
    this.#sinks.push(audited)
    return audited
  }

  /** Every output begins a chain with this key, and its lines get checkpoints where that is wanted. */
  begin(key: Uint8Array, checkpoints: Checkpoints | null): void {
    this.#checkpoints = checkpoints
    this.renew(key)
  }

  /** Every output begins another chain. */
  renew(key: Uint8Array): void {
    this.#checkpoints?.make()
    for (const sink of this.#sinks) sink.begin(key)
  }

  /** Makes a checkpoint of the lines that have none. */
  checkpoint(): void {
    this.#checkpoints?.make()
  }

  /** Goes on in the file of checkpoints that has the name now. */
  reopen(): void {
    this.#checkpoints?.reopen()
  }

  /** Lines are not signed any more. */
  end(): void {
    this.#checkpoints?.close()
    this.#checkpoints = null
    for (const sink of this.#sinks) sink.end()
  }
}
