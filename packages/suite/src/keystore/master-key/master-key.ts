import { generateMasterKey } from './content.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import type { MasterKeyOptions } from './options.ts'
import type { MasterKeySettings, MasterKeySource } from './source.ts'

/** The values of `keystore_encryption_type`. A source is loaded when it is asked for. */
const sources: Readonly<
  Record<MasterKeyOptions['keystore_encryption_type'], () => Promise<MasterKeySource>>
> = {
  env_master_key: async () => (await import('./env.ts')).environmentSource,
  vault_master_key: async () => (await import('./vault.ts')).vaultSource,
  kms_encrypted_master_key: async () => (await import('./kms-encrypted.ts')).kmsEncryptedSource,
  kms_per_client: async () => (await import('./kms-per-client.ts')).kmsPerClientSource,
  hsm_master_key: async () => (await import('./hsm.ts')).hsmSource,
}

/**
 * Opens what protects the keys of a store. A Vault address without another `keystore_encryption_type` means Vault, as in 0.90.
 *
 * @throws KeystoreError `master-key-missing`, `-malformed`, `-source-invalid`, `-refused` or `-unavailable`
 */
export async function openMasterKey(settings: MasterKeySettings): Promise<KeyWrapper> {
  return (await sourceOf(settings.options)).open(settings)
}

/**
 * Makes a new master key: the content of its file, for the caller to overwrite; null where it stays inside a device.
 *
 * @throws KeystoreError as `openMasterKey`
 */
export async function createMasterKey(settings: MasterKeySettings): Promise<Uint8Array | null> {
  const source = await sourceOf(settings.options)
  return source.create ? source.create(settings) : generateMasterKey(settings.version)
}

function sourceOf(options: MasterKeyOptions): Promise<MasterKeySource> {
  const { keystore_encryption_type: asked, vault_connection_api_string } = options
  const isVault = asked === 'env_master_key' && vault_connection_api_string !== ''
  return sources[isVault ? 'vault_master_key' : asked]()
}
