/** What a key is for. One row per purpose in `purposes` says everything that layouts and tools must know of it. */
export type Purpose =
  | 'transport-connector'
  | 'transport-server'
  | 'transport-translator'
  | 'storage'
  | 'storage-symmetric'
  | 'hmac'
  | 'zone'
  | 'zone-symmetric'
  | 'poison'
  | 'poison-symmetric'
  | 'audit-log'
  | 'authentication'

/** A key by name. `owner` is the client id or zone id, null where the installation has one such key. */
export interface KeyRef {
  readonly purpose: Purpose
  readonly owner: string | null
}

/** One version of a key. Of a pair `secret` is the REC2 container and `publicKey` the UEC2 container; of a symmetric key `secret` is its bytes and `publicKey` null. */
export interface Key {
  readonly secret: Uint8Array
  readonly publicKey: Uint8Array | null
}
