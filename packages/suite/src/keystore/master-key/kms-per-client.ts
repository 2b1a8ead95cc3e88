import { type KeyRef, purposes } from '../key-ref.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { Kms } from './kms.ts'
import { kmsEncryptedSource, openEncrypted } from './kms-encrypted.ts'
import { type MasterKeySource, sourceInvalid } from './source.ts'

/**
 * A key of a KMS for every client: no key is here that opens the store, and every first use of a key asks the KMS. Only the
 * signature key of a keystore v2 comes from `ACRA_MASTER_KEY`, encrypted by the KMS. spec: keystore §4
 */
export const kmsPerClientSource: MasterKeySource = {
  async open(settings) {
    const kms = await Kms.open(settings)
    try {
      const signing = settings.version === 'v2' ? await openEncrypted(kms, settings) : null
      const wrapper = new PerClient(kms, signing, settings.createsKeys ?? false)
      await wrapper.probe()
      return wrapper
    } catch (error) {
      kms.close()
      throw error
    }
  },

  create(settings) {
    if (settings.version === 'v2') return kmsEncryptedSource.create(settings)
    throw sourceInvalid('kms_per_client needs no master key for a keystore v1')
  },
}

class PerClient implements KeyWrapper {
  readonly sign: KeyWrapper['sign']
  readonly #kms: Kms
  readonly #signing: KeyWrapper | null
  readonly #createsKeys: boolean
  /** Aliases that are known to name a key. */
  readonly #known = new Set<string>()

  constructor(kms: Kms, signing: KeyWrapper | null, createsKeys: boolean) {
    this.#kms = kms
    this.#signing = signing
    this.#createsKeys = createsKeys
    this.sign = signing?.sign ?? null
  }

  async wrap(key: Uint8Array, ref: KeyRef): Promise<Uint8Array> {
    const alias = aliasOf(ref)
    if (this.#createsKeys && !this.#known.has(alias)) {
      if (!(await this.#kms.hasKey(alias))) await this.#kms.createKey(alias)
      this.#known.add(alias)
    }
    return this.#kms.encrypt(alias, key)
  }

  unwrap(wrapped: Uint8Array, ref: KeyRef): Promise<Uint8Array | null> {
    return this.#kms.decrypt(aliasOf(ref), wrapped)
  }

  /** Whether the KMS answers these credentials: any alias will do, also one that does not exist. */
  async probe(): Promise<void> {
    await this.#kms.hasKey('acra_poison')
  }

  wipe(): void {
    this.#signing?.wipe()
    this.#kms.close()
  }
}

/** Clients and zones have a key each, and so have the keys of the whole installation. */
function aliasOf({ purpose, owner }: KeyRef): string {
  if (owner !== null) return `acra_${owner}`
  if (purpose === 'poison' || purpose === 'poison-symmetric') return 'acra_poison'
  if (purpose === 'audit-log' || purpose === 'audit-log-signing') return 'acra_audit_log'
  throw sourceInvalid(`kms_per_client has no key for the ${purposes[purpose].title}`)
}
