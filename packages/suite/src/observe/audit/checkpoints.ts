import type { Checkpoint } from './checkpoint.ts'
import { encodeCheckpoint } from './checkpoint.ts'
import type { CheckpointFile } from './checkpoint-file.ts'
import { MerkleTree } from './merkle.ts'
import type { NoteSigner } from './signed-note.ts'

export interface CheckpointSettings {
  readonly file: CheckpointFile
  readonly signer: NoteSigner
  /** The last one that was made; null where a history begins. */
  readonly last: Checkpoint | null
  /** The name of a history that begins. */
  readonly origin: string
  /** Lines between two checkpoints at most. */
  readonly linesMax: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Puts the lines on disk before a checkpoint vouches for them. */
  readonly sync: () => void
  /** Told where a checkpoint could not be written; the next one is about its lines too. */
  readonly onFailure: (error: unknown) => void
}

/** Makes the checkpoints of a log while its lines are written. */
export class Checkpoints {
  readonly #settings: CheckpointSettings
  readonly #tree: MerkleTree
  readonly #origin: string
  #from: number
  /** The size at the last try, which may have failed. */
  #tried: number
  #firstTag = ''
  #lastTag = ''

  constructor(settings: CheckpointSettings) {
    const { last, origin } = settings
    this.#settings = settings
    this.#origin = last?.origin ?? origin
    this.#tree = new MerkleTree(last?.size ?? 0, last?.peaks ?? [])
    this.#from = this.#tree.size
    this.#tried = this.#from
  }

  /** A line was written: without its newline, and with its tag in it. */
  line(line: string, tag: string): void {
    if (this.#tree.size === this.#from) this.#firstTag = tag
    this.#lastTag = tag
    this.#tree.appendLine(line)
    if (this.#tree.size - this.#tried >= this.#settings.linesMax) this.make()
  }

  /** Makes a checkpoint, if there are lines without one. Never throws. */
  make(): void {
    if (this.#tree.size === this.#from) return
    // What failed is told in a line, which is not tried at once.
    this.#tried = this.#tree.size
    const { file, signer, now, sync, onFailure } = this.#settings
    const text = encodeCheckpoint({
      origin: this.#origin,
      size: this.#tree.size,
      root: this.#tree.root(),
      time: now(),
      from: this.#from,
      firstTag: this.#firstTag,
      lastTag: this.#lastTag,
      peaks: this.#tree.peaks,
    })
    try {
      sync()
      file.append(signer.sign(text))
      this.#from = this.#tree.size
    } catch (error) {
      onFailure(error)
    }
  }

  /** Makes a last checkpoint and closes the file. */
  close(): void {
    this.make()
    this.#settings.file.close()
  }

  reopen(): void {
    this.make()
    this.#settings.file.reopen()
  }
}
