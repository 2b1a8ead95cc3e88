/**
 * What the manual of Acra 0.90 promises about keys (its page "Key management"), sentence by sentence: a row, what it says, the tests that
 * show it, and the programs without which they cannot. A program may be followed by one of its commands. A test is `FILE: NAME`: the file by its path without `.test.ts`, in the suite unless it
 * begins with the name of another package or of a folder at the root; the name, or a part of it, of one test or of several.
 */
export interface Row {
  readonly row: number
  readonly claim: string
  /** All of them must pass. Empty while a program is missing. */
  readonly tests: readonly string[]
  /** Names of programs; `@acra-ts/sdk` for the library of applications. */
  readonly needs: readonly string[]
}

function row(row: number, claim: string, tests: readonly string[], ...needs: string[]): Row {
  return { row, claim, tests, needs }
}

const keymaker = 'cli/acra-keymaker: '
const manual = 'cli/acra-keymaker-manual: '
const addzone = 'cli/acra-addzone: '
const poison = 'e2e/poison: '
const zones = 'e2e/zones: '
const layouts = 'keystore/layouts: '
const files = 'keystore/storage/files: '
const bundles = 'keystore/bundle/v1-bundle: '
const transcript = 'cli/transcripts: the session of '
const atRest = 'keystore/v1/at-rest: '

const viaConnector = 'e2e/connector: an application speaks to the database by Secure Session'
const viaTranslator = 'e2e/translator: every operation through acra-connector, by Secure Session'
const byWriter = 'e2e/translator: what a writer with the public key alone has encrypted'
const byZoneWriter = 'e2e/translator: a value of a zone that a writer has encrypted'
const spoiltKey = 'e2e/connector: a transport key that was '
const withoutKey =
  'services/connector/connector: a start without a key is refused in the words of the original'

export const rows: readonly Row[] = [
  row(1, 'symmetric and asymmetric keys, for different purposes', [
    `${keymaker}all flags together make everything in the documented order`,
    'keystore/v1/vectors: the store of Acra 0.90 has a key of every purpose',
    'keystore/v1/vectors: every private file of the store stands in the list',
  ]),
  row(
    2,
    'Secure Session or TLS between connector and server, and translator',
    [
      viaConnector,
      'e2e/connector: over TLS neither side needs a transport key',
      viaTranslator,
      'services/translator/translator: POST: what one call encrypts the other decrypts',
    ],
    'acra-connector',
    'acra-translator',
  ),
  row(
    3,
    'Secure Session: public keys are exchanged, private ones stay',
    [viaConnector, withoutKey],
    'acra-connector',
  ),
  row(
    4,
    'TLS: certificates in the place of key pairs',
    ['e2e/connector: over TLS neither side needs a transport key'],
    'acra-connector',
  ),
  row(5, 'the writer encrypts with the public key', [byWriter], '@acra-ts/sdk'),
  row(
    6,
    'server and translator: private keys for AcraStructs, symmetric ones for AcraBlocks',
    [viaTranslator, byWriter],
    'acra-translator',
  ),
  row(
    7,
    'searchable encryption: one HMAC key on server and translator',
    ['e2e/translator: the search hash of the translator finds what the server has stored'],
    'acra-translator',
  ),
  row(8, "a zone's public key encrypts, and does nothing else", [byZoneWriter], '@acra-ts/sdk'),
  row(9, 'zone keys of both kinds on server and translator', [byZoneWriter], 'acra-translator'),
  row(
    10,
    'poison keys are private, for server, translator and record maker',
    [
      `${poison}the keys are made at start where there are none, once, with mode 0600`,
      `${bundles}a bundle of public halves has no secret`,
    ],
    'acra-keys',
    'acra-translator',
  ),
  row(
    11,
    'poison keys make poison records',
    ['e2e/translator: poison records of either kind are told', 'e2e/poison: '],
    'acra-translator',
  ),
  row(
    12,
    'audit log keys make the log verifiable',
    [
      'observe/audit/chain: every line of the logs of Acra has the tag that the chain gives it',
      'e2e/audit-log: acra-server keeps one chain',
    ],
    'acra-log-verifier',
  ),
  row(13, "the authentication key encrypts web users' credentials", [
    `${transcript}acra-authmanager.txt goes as written`,
    'services/web-users/web-users: the file opens with every version of the key, and with no other',
  ]),
  row(14, 'every component has its own keystore, .acrakeys by default', [
    'cli/keys-of-programs: every program looks for its keys in .acrakeys',
    `${manual}on the host of the server`,
  ]),
  row(
    15,
    'connector: own private key, and the public key of its peer',
    [
      viaConnector,
      'services/connector/connector: a translator is spoken to with its own keys and id',
      withoutKey,
    ],
    'acra-connector',
  ),
  row(
    16,
    'server: public keys of connectors, and its own private one',
    ['e2e/connector: of two clients the one without a key at the server fails'],
    'acra-connector',
  ),
  row(17, 'server: storage and zone private keys open what writers made', [
    `${zones}an AcraStruct for a zone is opened where the zone stands before it`,
    `${zones}an AcraStruct for a client is opened without a zone`,
  ]),
  row(18, 'transparent mode: storage and zone keys encrypt', [
    `${zones}a column with a zone is encrypted with its keys`,
    'e2e/psql: ',
  ]),
  row(19, 'poison keys tell records in answers of the database', [
    `${poison}a record is told in every form`,
    `${poison}a program is started`,
    `${poison}shutdown with`,
  ]),
  row(
    20,
    'the log shows tampering, removal, addition and another order',
    ['e2e/audit-log: the log shows tampering, removal, addition and another order'],
    'acra-log-verifier',
  ),
  row(21, 'the authentication key: credentials, configuration from the web', [], 'acra-webconfig'),
  row(
    22,
    'translator: the keys of the server but for the authentication key',
    [viaTranslator],
    'acra-translator',
  ),
  row(23, 'the writer has public keys, and cannot read what it writes', [
    'crypto/envelope/acra-struct: what was sealed opens with its key among others, and never without it',
  ]),
  row(24, 'credentials are stored encrypted and decrypted at login', [], 'acra-webconfig'),
  row(25, 'table of keys: transport', [
    `${keymaker}--generate_acraconnector_keys makes its files`,
    `${keymaker}--generate_acraserver_keys makes its files`,
    `${keymaker}--generate_acratranslator_keys makes its files`,
  ]),
  row(26, 'table of keys: AcraStructs of clients and zones', [
    `${keymaker}--generate_acrawriter_keys makes its files`,
    `${addzone}a zone is printed as JSON in one line`,
  ]),
  row(27, 'table of keys: the poison key pair', [
    `${keymaker}--generate_poisonrecord_keys makes its files`,
  ]),
  row(28, 'table of keys: symmetric keys of clients and zones', [
    `${keymaker}--generate_symmetric_storage_key makes its files`,
    `${addzone}a zone is printed as JSON in one line`,
  ]),
  row(29, 'table of keys: the symmetric poison key (poison_key_sym; the manual errs)', [
    `${keymaker}--generate_poisonrecord_keys makes its files`,
    'cli/acra-poisonrecordmaker: both kinds of record are printed in base64',
  ]),
  row(30, 'table of keys: clientid_hmac hashes (it decrypts nothing)', [
    `${keymaker}--generate_hmac_key makes its files`,
    'crypto/envelope/search-hash: the search hash is the one of Acra',
  ]),
  row(
    31,
    'table of keys: secure_log_key on server, translator, connector',
    [
      `${keymaker}--generate_log_key makes its files`,
      'e2e/audit-log: acra-server keeps one chain',
      'e2e/audit-log: acra-translator and acra-connector keep audit logs with the same key',
    ],
    'acra-log-verifier',
    'acra-translator',
    'acra-connector',
  ),
  row(32, 'table of keys: auth_key on the server', [
    `${keymaker}--generate_acrawebconfig_keys makes its files`,
  ]),
  row(33, 'private keys are stored encrypted', [
    `${atRest}no file of a store holds a secret in the clear, but for auth_key`,
  ]),
  row(34, 'ACRA_MASTER_KEY opens the private keys of every service', [
    'cli/keys-of-programs: no program that uses private keys works without a master key',
  ]),
  row(
    35,
    'connector and server, and translator, have different master keys',
    [viaConnector, viaTranslator],
    'acra-connector',
    'acra-translator',
  ),
  row(36, 'acra-keymaker writes master.key; the variable is its base64', [
    `${manual}on the host of the server`,
    `${manual}and the master key opens what they made`,
    'keystore/master-key/env: line ends and spaces are passed over',
  ]),
  row(37, 'acra-keymaker encrypts private keys before it writes them', [
    `${atRest}no secret is handed to the storage in the clear`,
  ]),
  row(38, 'the command with seven flags', [`${manual}on the host of the server`]),
  row(39, 'poison keys may be left out: services make them', [
    `${poison}the keys are made at start where there are none, once, with mode 0600`,
  ]),
  row(
    40,
    'private keys do not leave the machine of server or translator',
    [
      `${bundles}a bundle of public halves has no secret`,
      `${transcript}acra-keys-bundles.txt goes as written`,
    ],
    'acra-keys',
  ),
  row(41, 'files land in .acrakeys; --keys_output_dir changes it', [
    `${manual}on the host of the server`,
    `${keymaker}public keys go to the folder that is named for them`,
    `${keymaker}all flags together make everything in the documented order`,
  ]),
  row(42, 'folder 700, private keys 600', [
    `${files}modes are exact under umask`,
    `${files}a private file with any bit for group or others is refused`,
    `${files}a folder that is not exactly 0700 is refused`,
    `${manual}on the host of the server`,
  ]),
  row(43, "a second master key on the connector's host", [viaConnector], 'acra-connector'),
  row(44, '--generate_acraconnector_keys gives someid and someid.pub', [
    `${manual}on the host of the connector`,
  ]),
  row(45, 'connector: folder 700, private keys 600', [viaConnector], 'acra-connector'),
  row(46, 'the rule: private keys stay, public ones move', [viaConnector], 'acra-connector'),
  row(47, 'table 3.1: connector and server', [viaConnector], 'acra-connector'),
  row(
    48,
    'table 3.2: connector and translator',
    [viaTranslator],
    'acra-connector',
    'acra-translator',
  ),
  row(49, 'table 3.3: the writer has the storage public key', [byWriter], '@acra-ts/sdk'),
  row(
    50,
    'symmetric storage keys are on server and translator only',
    [
      `${bundles}a bundle of public halves has no secret`,
      `${transcript}acra-keys-bundles.txt goes as written`,
    ],
    'acra-keys',
  ),
  row(51, 'zone keys by acra-addzone', [`${addzone}a zone is printed as JSON in one line`]),
  row(52, 'it prints JSON with id and public_key', [
    `${addzone}a zone is printed as JSON in one line`,
    `${addzone}every call makes another zone`,
  ]),
  row(53, 'the decoded public key goes to the writer', [
    `${zones}an AcraStruct for a zone is opened where the zone stands before it`,
  ]),
  row(54, 'files zoneid_zone and zoneid_zone.pub (and zoneid_zone_sym)', [
    `${addzone}a zone is printed as JSON in one line`,
    `${addzone}the printed key is that of the zone in the store, of both kinds`,
  ]),
  row(55, 'table 3.4: zone keys on server, translator, writer', [byZoneWriter], 'acra-translator'),
  row(
    56,
    'the symmetric zone key is on server and translator only',
    [
      `${bundles}a bundle of public halves has no secret`,
      `${transcript}acra-keys-bundles.txt goes as written`,
    ],
    'acra-keys',
  ),
  row(57, "the writer's guide with zones", [byZoneWriter], '@acra-ts/sdk'),
  row(58, 'keys are made again one by one, by flags', [
    `${keymaker}rotates its keys where they exist, and leaves every other file alone`,
  ]),
  row(
    59,
    'then too with a master key of their own',
    [viaConnector, viaTranslator],
    'acra-connector',
    'acra-translator',
  ),
  row(60, 'with another master key old private keys cannot be decrypted', [
    `${keymaker}with another master key nothing is rotated, no file changes, and the old key works again`,
    `${layouts}under another master key it does not open, is not rotated, and nothing changes`,
  ]),
  row(61, 'the name of a file is tied to the client id', [
    `${layouts}renamed to another owner it does not open`,
    'keystore/master-key/software: what is wrapped opens under the same context only',
  ]),
  row(62, 'a renamed key cannot be decrypted', [
    `${layouts}renamed to another owner it does not open`,
  ]),
  row(63, 'renamed back it works again', [
    `${layouts}renamed to another owner it does not open, renamed back it does`,
  ]),
  row(
    64,
    'lost keys are lost data: a backup is the only way',
    [
      `${layouts}under another master key it does not open, is not rotated, and nothing changes`,
      `${bundles}every key and its history come through a bundle unchanged`,
      `${transcript}acra-keys-bundles.txt goes as written`,
    ],
    'acra-backup',
  ),
  row(65, 'keys in a KMS or HSM', [
    'e2e/master-keys: ',
    'keystore/master-key/hsm: ',
    'keystore/master-key/vault: ',
    'keystore/master-key/kms: ',
  ]),
  row(
    66,
    'public keys can be had back from private ones',
    [`${transcript}acra-keys-check.txt goes as written`],
    'acra-keys recover-public',
  ),
  row(67, "three lines in the connector's log", [spoiltKey], 'acra-connector'),
  row(68, "two lines in the server's log", [spoiltKey], 'acra-connector'),
  row(
    69,
    'they mean that a private transport key cannot be decrypted',
    [spoiltKey],
    'acra-connector',
  ),
  row(
    70,
    'the reasons: renamed, overwritten, another client id',
    [
      spoiltKey,
      'services/connector/connector: another master key is told apart from a key that was overwritten',
    ],
    'acra-connector',
  ),
  row(71, 'rename it back if you can', [spoiltKey], 'acra-connector'),
  row(
    72,
    'the tools come with the packages of Acra',
    ['cli/programs: every program'],
    ...[
      'acra-server',
      'acra-translator',
      'acra-connector',
      'acra-webconfig',
      'acra-keymaker',
      'acra-addzone',
      'acra-keys',
      'acra-backup',
      'acra-rotate',
      'acra-rollback',
      'acra-tokens',
      'acra-poisonrecordmaker',
      'acra-log-verifier',
      'acra-authmanager',
    ],
  ),
]
