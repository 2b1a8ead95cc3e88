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
  | 'audit-log-signing'
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

/** What is known about the keys of one purpose. In every name `*` stands for the owner. */
export interface PurposeFacts {
  /** A `pair` is an EC P-256 key pair, a `symmetric` key is 32 random bytes. */
  readonly kind: 'pair' | 'symmetric'
  readonly owner: 'client' | 'zone' | null
  /** Path of the file in keystore v1; a pair has a second one with `.pub` at its end. */
  readonly file: string
  /** Context under which keystore v1 wraps the key: the first one is written, any of them is read. Empty: the file is not wrapped. */
  readonly contexts: readonly string[]
  /** Path of the ring in keystore v2. */
  readonly ring: string
  /** What tools call the key on their command lines. */
  readonly id: string
  /** What the key is called in sentences. */
  readonly title: string
}

/** Every purpose. spec: keystore §2.1 (files, contexts), §3.1 (rings), cli-tools §6 (ids). */
export const purposes: Readonly<Record<Purpose, PurposeFacts>> = {
  'transport-connector': {
    kind: 'pair',
    owner: 'client',
    file: '*',
    contexts: ['*'],
    ring: 'client/*/transport/connector',
    id: 'client/*/transport/connector',
    title: 'acra-connector transport key',
  },
  'transport-server': {
    kind: 'pair',
    owner: 'client',
    file: '*_server',
    contexts: ['*'],
    ring: 'client/*/transport/server',
    id: 'client/*/transport/server',
    title: 'acra-server transport key',
  },
  'transport-translator': {
    kind: 'pair',
    owner: 'client',
    file: '*_translator',
    contexts: ['*'],
    ring: 'client/*/transport/translator',
    id: 'client/*/transport/translator',
    title: 'acra-translator transport key',
  },
  storage: {
    kind: 'pair',
    owner: 'client',
    file: '*_storage',
    contexts: ['*'],
    ring: 'client/*/storage',
    id: 'client/*/storage',
    title: 'storage key pair',
  },
  'storage-symmetric': {
    kind: 'symmetric',
    owner: 'client',
    file: '*_storage_sym',
    contexts: ['*'],
    ring: 'client/*/storage-sym',
    id: 'client/*/symmetric',
    title: 'symmetric storage key',
  },
  hmac: {
    kind: 'symmetric',
    owner: 'client',
    file: '*_hmac',
    contexts: ['*'],
    ring: 'client/*/hmac-sym',
    id: 'client/*/searchable',
    title: 'search key',
  },
  zone: {
    kind: 'pair',
    owner: 'zone',
    file: '*_zone',
    contexts: ['*'],
    ring: 'zone/*/storage',
    id: 'zone/*/storage',
    title: 'zone key pair',
  },
  'zone-symmetric': {
    kind: 'symmetric',
    owner: 'zone',
    file: '*_zone_sym',
    contexts: ['*'],
    ring: 'zone/*/storage-sym',
    id: 'zone/*/symmetric',
    title: 'symmetric zone key',
  },
  poison: {
    kind: 'pair',
    owner: null,
    file: '.poison_key/poison_key',
    contexts: ['.poison_key/poison_key'],
    ring: 'poison-record',
    id: 'poison-record',
    title: 'poison record key pair',
  },
  'poison-symmetric': {
    kind: 'symmetric',
    owner: null,
    file: '.poison_key/poison_key_sym',
    // Imports of bundles by the original leave the second one behind.
    contexts: ['.poison_key/poison_key_sym', '.poison_key/poison_key'],
    ring: 'poison-record-sym',
    id: 'poison-record-symmetric',
    title: 'symmetric poison record key',
  },
  'audit-log': {
    kind: 'symmetric',
    owner: null,
    file: 'secure_log_key',
    contexts: ['secure_log_key'],
    ring: 'audit-log',
    id: 'audit-log',
    title: 'audit log key',
  },
  'audit-log-signing': {
    kind: 'symmetric',
    owner: null,
    file: 'secure_log_signing_key',
    contexts: ['secure_log_signing_key'],
    ring: 'audit-log-signing',
    id: 'audit-log-signing',
    title: 'audit log signing key',
  },
  authentication: {
    kind: 'symmetric',
    owner: null,
    file: 'auth_key',
    contexts: [],
    ring: 'authentication',
    id: 'authentication',
    title: 'web console authentication key',
  },
}
