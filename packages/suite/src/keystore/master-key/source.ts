import { KeystoreError } from '../errors.ts'
import type { KeyWrapper, StoreVersion } from './key-wrapper.ts'
import type { MasterKeyOptions } from './options.ts'

/** Variables of the process by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a source of master keys works with. */
export interface MasterKeySettings {
  readonly options: MasterKeyOptions
  readonly environment: Environment
  /** The layout of the store whose keys are protected. */
  readonly version: StoreVersion
  /** True in a program that makes keys: a service with a key for every client may make a missing one. False by default. */
  readonly createsKeys?: boolean
  /** Takes a sentence about something odd that stops nothing. */
  readonly warn: (sentence: string) => void
}

/** A place where master keys come from. */
export interface MasterKeySource {
  /** Rejects with KeystoreError where the place cannot be reached, refuses, or has no master key of this version. */
  open(settings: MasterKeySettings): Promise<KeyWrapper>
  /**
   * Makes a new master key: what is to be written to its file, for the caller to overwrite; null where it stays inside a device. Absent where
   * the file holds the master key itself.
   */
  create?(settings: MasterKeySettings): Promise<Uint8Array | null>
}

/** The settings of a source cannot be used, or something that it needs is not there. */
export function sourceInvalid(message: string, cause?: unknown): KeystoreError {
  return new KeystoreError('master-key-source-invalid', message, causeOf(cause))
}

/** A service or a device answers, and says no. */
export function sourceRefused(message: string, cause?: unknown): KeystoreError {
  return new KeystoreError('master-key-refused', message, causeOf(cause))
}

/** A service or a device does not answer, or cannot do its work now. */
export function sourceUnavailable(message: string, cause?: unknown): KeystoreError {
  return new KeystoreError('master-key-unavailable', message, causeOf(cause))
}

function causeOf(cause: unknown): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause }
}
