import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cefFormat } from '../../formats/cef.ts'
import { jsonFormat } from '../../formats/json.ts'
import { plaintext } from '../../formats/plaintext.ts'
import { createLogger } from '../../log.ts'
import { FileSink } from '../../sink.ts'
import { AuditTrail } from '../audit-trail.ts'
import { CheckpointFile } from '../checkpoint-file.ts'
import { Checkpoints } from '../checkpoints.ts'
import { type AuditFormat, END_MESSAGE } from '../lines.ts'
import { linesBehind } from '../log-end.ts'
import { NoteSigner } from '../signed-note.ts'

export const auditKey = Buffer.alloc(32, 7)
export const signer = new NoteSigner(Buffer.alloc(32, 9))

/** A log in a folder as programs write it, and its checkpoints. */
export class WrittenLog {
  readonly path: string
  readonly checkpointPath: string
  readonly format: AuditFormat
  readonly #folder: string
  #time = Date.UTC(2026, 10, 25)

  constructor(folder: string, format: AuditFormat = 'json') {
    this.#folder = folder
    this.format = format
    this.path = join(folder, 'acra.log')
    this.checkpointPath = join(folder, 'acra.checkpoints')
  }

  /** Time goes on: a plaintext line tells its second. */
  pause(): void {
    this.#time += 5000
  }

  /** A program that writes its messages, with a checkpoint after so many lines, and ends in order or is killed. */
  run(messages: readonly string[], linesMax = 4, endsInOrder = true, key: Buffer = auditKey): void {
    const product = { name: 'acra-x', version: '0.1.0' }
    const formats = { plaintext, json: jsonFormat(product), cef: cefFormat(product) }
    const file = new FileSink(this.path)
    const trail = new AuditTrail()
    const { file: checkpointFile, last } = CheckpointFile.open(this.checkpointPath, [
      signer.verifier,
    ])
    const checkpoints = new Checkpoints({
      file: checkpointFile,
      signer,
      last,
      origin: `acra-x/${this.#folder.slice(-6)}-${this.#time}`,
      linesMax,
      now: () => this.#time++,
      sync: () => file.sync(),
      onFailure: (error) => {
        throw error
      },
    })
    const left = last === null ? [] : (linesBehind(this.path, this.format, last.lastTag) ?? [])
    for (const { line, tag } of left) checkpoints.line(line, tag)
    const log = createLogger({
      level: 'info',
      outputs: [{ format: formats[this.format], sink: trail.wrap(file, this.format, true) }],
      clock: { now: () => this.#time, zone: () => 0 },
    })
    log.info('Starting service')
    trail.begin(key, checkpoints)
    for (const message of messages) log.info(message, { client_id: 'someid' })
    if (!endsInOrder) return
    log.info('Prepare to audit log chain finalization')
    log.info(END_MESSAGE, { chain: 'end' })
    trail.end()
  }

  lines(): string[] {
    return readFileSync(this.path, 'utf8').split('\n').slice(0, -1)
  }
}
