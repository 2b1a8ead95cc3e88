import type { KeystoreError } from '../errors.ts'

/** Private files hold secrets and are readable by their owner alone (0600); public ones hold `.pub` keys (0644) and may stand in another folder. */
export type Visibility = 'private' | 'public'

/**
 * Where a keystore's files live. Paths are relative, with `/` between their parts. Names that begin with
 * `temporaryPrefix` belong to the storage and are never shown.
 */
export interface Storage extends Names {
  /** The folder or address, for messages. */
  readonly place: string
  /** The whole file; null where there is none. Throws KeystoreError where it must not be trusted or cannot be read. */
  read(path: string, visibility: Visibility): Promise<Buffer | null>
  /** Throws as `read` would for a file that must not be trusted, without reading it. A missing file is fine. */
  verify(path: string, visibility: Visibility): Promise<void>
  /** When the file was written last; null where there is none. Absent where nobody knows. */
  modifiedAt?(path: string, visibility: Visibility): Promise<Date | null>
  /**
   * Many files, each as `read` gives it; a file that `read` would throw for is told by the error in its place. For one who goes through a whole store.
   */
  readMany(
    paths: readonly string[],
    visibility: Visibility,
  ): Promise<readonly (Buffer | null | KeystoreError)[]>
  /** The names as they are now, for one who lists many folders: a remote storage is asked once for all of them. */
  names(): Promise<Names>
  /** The path as an operator finds it, for messages. */
  locate(path: string, visibility: Visibility): string
  /** Runs `work` while no other process writes. Do not nest. Throws KeystoreError `keystore-locked` when the wait gets too long. */
  exclusively<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T>
}

/** The names in a storage. */
export interface Names {
  /** Names of files in `folder` ('' for the root) and of folders, these with a `/` at the end, in byte order; empty where there is no such folder. */
  list(folder: string, visibility: Visibility): Promise<readonly string[]>
}

/** What may change a storage, for as long as the lock is held. */
export interface StorageWriter {
  /** An earlier writer stopped half-way: it left temporary files, or what `announce` leaves. */
  readonly interrupted: boolean
  /** Removes what interrupted writers left behind. */
  sweep(): Promise<void>
  /** From now on the next writer finds `interrupted` if this one does not come to its end, whatever it was doing. */
  announce(): Promise<void>
  /**
   * Puts the whole content beside `path`, safe on disk; nothing is visible until `commit`. Stage every file of a change first, so
   * that a full disk is found before anything has changed. What is staged and not committed disappears with the lock; after a failure it
   * stays if anything had been changed before, so that the next writer finds `interrupted`.
   */
  stage(path: string, content: Uint8Array, visibility: Visibility): Promise<StagedFile>
  /** Makes safe on disk what was committed with `settleLater`; absent where a commit is always safe. */
  settle?(): Promise<void>
  /** Gives the file a second name. False, and nothing done, where that name is taken. */
  link(from: string, to: string, visibility: Visibility): Promise<boolean>
  /** Removes the file; a missing one is fine. */
  remove(path: string, visibility: Visibility): Promise<void>
}

/** A file that is complete and not yet in its place. */
export interface StagedFile {
  /**
   * Puts it in its place at once: readers see the old content or the new. `settleLater`: it need not be safe on disk before `settle`, for one who
   * replaces many files that do not depend on each other.
   */
  commit(how?: { readonly settleLater: boolean }): Promise<void>
}

/** Begins every name that the storage uses for itself; no key can be called so, because ids hold no dot. */
export const temporaryPrefix = '.acra-ts-'

/** Upper bound for every file that is read: far above any key and any ring, far below what could hurt. */
export const fileSizeMax = 1024 * 1024
