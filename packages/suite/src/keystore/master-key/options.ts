import { tlsRevocationServiceOptions } from '../../net/index.ts'
import {
  choice,
  flag,
  ignored,
  int,
  type OptionValues,
  ownTlsRows,
  prefixed,
  serverNameRow,
  text,
} from '../../options/index.ts'

/** HashiCorp Vault. The names of 0.96, and the login by a Kubernetes service account, which is ours. */
const vaultOptions = {
  ...prefixed('vault_tls_client_', {
    ...ownTlsRows,
    auth: ignored('the certificate of Vault is always checked', ownTlsRows.auth),
    sni: serverNameRow,
  }),
  ...tlsRevocationServiceOptions('vault'),
  vault_connection_api_string: text(
    '',
    'http(s)://host:port of HashiCorp Vault; when set, the master key is read from there',
  ),
  vault_secrets_path: text('secret/', 'Path of the secret in Vault that has the master key'),
  vault_auth_type: choice(
    ['token', 'kubernetes'],
    'token',
    'How to log in to Vault: the token in VAULT_API_TOKEN (base64), or the service account of the pod',
  ),
  vault_kubernetes_role: text('', 'Role of Vault to log in for with vault_auth_type=kubernetes'),
  vault_kubernetes_mount: text('kubernetes', 'Path of the Kubernetes login in Vault'),
  vault_kubernetes_token_file: text(
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    'File of the token of the service account',
  ),
  vault_tls_transport_enable: flag(false, 'Refuse to talk to Vault without TLS'),
  vault_tls_ca_path: text('', 'Older name of vault_tls_client_ca'),
} as const

/** AWS KMS. The names of 0.96; `kms_tls_ca` is ours. */
const kmsOptions = {
  kms_type: text('', 'Kind of the key management service: aws'),
  kms_credentials_path: text(
    '',
    'JSON file with access_key_id, secret_access_key, region, endpoint; when empty, the credentials that AWS tools find',
  ),
  kms_tls_ca: text(
    '',
    'PEM file of certificate authorities to trust for the key management service besides those of the system',
  ),
} as const

/** A hardware security module by PKCS#11. Ours. */
const hsmOptions = {
  hsm_library: text('', 'PKCS#11 library of the hardware security module'),
  hsm_token_label: text('', 'Label of the token with the master key'),
  hsm_slot: int(-1, 'Number of the slot with the master key; -1 to go by hsm_token_label', {
    min: -1,
    max: 0xffff_ffff,
  }),
  hsm_key_label: text('acra_master_key', 'Label of the master key in the token'),
  hsm_pin_file: text('', 'File of the PIN of the token; when empty, the variable ACRA_HSM_PIN'),
} as const

/** Where the master key comes from (cli-tools.md §2.5). */
export const masterKeyOptions = {
  keystore_encryption_type: choice(
    [
      'env_master_key',
      'vault_master_key',
      'kms_encrypted_master_key',
      'kms_per_client',
      'hsm_master_key',
    ],
    'env_master_key',
    'What protects the keys: a master key in ACRA_MASTER_KEY, in Vault, or in ACRA_MASTER_KEY encrypted by a KMS, a key of the KMS for every client, or a hardware security module',
  ),
  ...vaultOptions,
  ...kmsOptions,
  ...hsmOptions,
} as const

export type MasterKeyOptions = OptionValues<typeof masterKeyOptions>
