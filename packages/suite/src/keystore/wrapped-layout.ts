import type { KeyRef } from './key-ref.ts'
import type { KeyWrapper } from './master-key/key-wrapper.ts'
import type { Names, StorageWriter } from './storage/storage.ts'
import type { Surroundings } from './surroundings.ts'

/** A file that a master key protects. */
export interface WrappedFile {
  readonly ref: KeyRef
  readonly path: string
}

/** What a layout must know to change its master key. A file is under one master key as a whole. */
export interface WrappedLayout {
  files(names: Names): Promise<readonly WrappedFile[]>
  /** Throws KeystoreError where the file is no key at all. */
  opens(file: WrappedFile, content: Buffer, place: string, wrapper: KeyWrapper): Promise<boolean>
  /** The file's content under `to`. */
  rewrap(
    file: WrappedFile,
    content: Buffer,
    place: string,
    from: KeyWrapper,
    to: KeyWrapper,
    now: Date,
  ): Promise<Uint8Array>
  /** Puts right what an interrupted writer left. */
  mend(writer: StorageWriter, around: Surroundings): Promise<void>
}
