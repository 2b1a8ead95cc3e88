import {
  createMasterKey,
  detectVersion,
  isClientId,
  KeystoreError,
  type KeystoreErrorCode,
  keyId,
  keysOutputOptions,
  masterKeyOptions,
  openKeystore,
  openMasterKey,
  type Purpose,
  purposes,
  redisForKeys,
  redisKeysOptions,
  type StoreVersion,
  writeMasterKeyFile,
} from '../keystore/index.ts'
import { IdentityError } from '../net/identity/index.ts'
import { type Event, events, type Logger, toolAuditOptions } from '../observe/index.ts'
import { choice, flag, type OptionValues, text } from '../options/index.ts'
import { certificateOptions, clientIdFromCertificate } from './client-id.ts'
import type { Program, ProgramContext } from './program.ts'
import { Refusal } from './refusal.ts'

const DEFAULT_CLIENT_ID = 'client'

const options = {
  client_id: text(DEFAULT_CLIENT_ID, 'Client id that the keys belong to'),
  generate_acraconnector_keys: flag(false, 'Make the transport key pair of acra-connector'),
  generate_acraserver_keys: flag(false, 'Make the transport key pair of acra-server'),
  generate_acratranslator_keys: flag(false, 'Make the transport key pair of acra-translator'),
  generate_acrawriter_keys: flag(false, 'Make the storage key pair, for AcraStructs'),
  generate_acrawebconfig_keys: flag(false, 'Make the key of the users of acra-webconfig'),
  generate_symmetric_storage_key: flag(false, 'Make the symmetric storage key, for AcraBlocks'),
  generate_hmac_key: flag(false, 'Make the key of searchable encryption'),
  generate_log_key: flag(false, 'Make the key of the audit log'),
  generate_log_signing_key: flag(
    false,
    'Make the key that signs checkpoints of the audit log; "acra-keys read --public audit-log-signing" prints its public half',
  ),
  generate_poisonrecord_keys: flag(false, 'Make the key pair and symmetric key of poison records'),
  generate_master_key: text('', 'Write a new master key to this file and exit'),
  generate_hsm_master_key: flag(
    false,
    'Make a new master key inside the hardware security module and exit',
  ),
  force: flag(false, 'With generate_master_key: replace an existing file'),
  keystore: text(
    '',
    'Version of the keystore to make: v1 or v2; when empty, that of the folder, and v1 for a new one',
  ),
  ...certificateOptions,
  ...keysOutputOptions,
  ...masterKeyOptions,
  kms_key_policy: choice(
    ['create'],
    'create',
    'What to do where the key management service lacks a key for a client',
  ),
  ...redisKeysOptions,
  ...toolAuditOptions,
} as const

type Options = OptionValues<typeof options>
type Context = ProgramContext<typeof options>

/** A line of what can be made: the flag that asks for it and what is printed once it is made. */
interface Product {
  readonly purpose: Purpose
  readonly flag: keyof Options
  readonly line: string
}

/** What can be made, in the order in which it is made when flags ask for it. spec: cli-tools §3 */
const products: readonly Product[] = [
  {
    purpose: 'poison-symmetric',
    flag: 'generate_poisonrecord_keys',
    line: 'Generated symmetric key for poison records',
  },
  {
    purpose: 'poison',
    flag: 'generate_poisonrecord_keys',
    line: 'Generated keypair for poison records',
  },
  {
    purpose: 'transport-connector',
    flag: 'generate_acraconnector_keys',
    line: 'Generated acra-connector keypair',
  },
  {
    purpose: 'transport-server',
    flag: 'generate_acraserver_keys',
    line: 'Generated acra-server keypair',
  },
  {
    purpose: 'transport-translator',
    flag: 'generate_acratranslator_keys',
    line: 'Generated acra-translator keypair',
  },
  {
    purpose: 'storage',
    flag: 'generate_acrawriter_keys',
    line: 'Generated storage encryption keypair',
  },
  {
    purpose: 'authentication',
    flag: 'generate_acrawebconfig_keys',
    line: 'Generated key for basic auth for acra-webconfig',
  },
  {
    purpose: 'hmac',
    flag: 'generate_hmac_key',
    line: 'Generated HMAC key for searchable encryption',
  },
  {
    purpose: 'storage-symmetric',
    flag: 'generate_symmetric_storage_key',
    line: 'Generated storage symmetric key for clientID',
  },
  {
    purpose: 'audit-log',
    flag: 'generate_log_key',
    line: 'Generated HMAC key for secure logging',
  },
  {
    purpose: 'audit-log-signing',
    flag: 'generate_log_signing_key',
    line: 'Generated signing key for checkpoints of the audit log',
  },
]

/** What is made when no flag asks for anything, in this order. spec: cli-tools §3 */
const wholeSet: readonly Purpose[] = [
  'transport-connector',
  'transport-server',
  'transport-translator',
  'storage',
  'authentication',
  'hmac',
  'audit-log',
  'storage-symmetric',
  'poison-symmetric',
  'poison',
]

/** Makes master keys and keys. */
export const program: Program<typeof options> = {
  name: 'acra-keymaker',
  kind: 'tool',
  description:
    'Makes master keys and keys. Keys are wrapped by the master key in ACRA_MASTER_KEY. An existing key is rotated: its earlier versions stay and open what they sealed.',
  examples: [
    'acra-keymaker --generate_master_key=master.key',
    'export ACRA_MASTER_KEY=`cat master.key | base64`',
    'acra-keymaker --client_id=someid --generate_acrawriter_keys --generate_symmetric_storage_key',
  ],
  options,
  async run(context) {
    try {
      const { generate_master_key, generate_hsm_master_key } = context.options
      if (generate_hsm_master_key) await makeMasterKeyInside(context)
      else if (generate_master_key === '') await makeKeys(context)
      else await makeMasterKey(context)
      return 0
    } catch (error) {
      return tell(context.log, error)
    }
  },
}

async function makeMasterKey(context: Context): Promise<void> {
  const { options, log } = context
  const { generate_master_key: path, force } = options
  if (options.keystore_encryption_type === 'hsm_master_key')
    throw new Refusal(
      'A hardware security module keeps its master key to itself: use --generate_hsm_master_key',
    )
  const settings = masterKeySettings(context, masterKeyVersion(context))
  const masterKey = await createMasterKey(settings)
  if (masterKey === null) return
  await writeMasterKeyFile(path, masterKey, force).finally(() => masterKey.fill(0))
  log.audit(events.masterKeyMade, { file: path })
  log.info(`Master key written to ${path}; keep a copy in a safe place`)
}

async function makeMasterKeyInside(context: Context): Promise<void> {
  const { options, log } = context
  if (options.keystore_encryption_type !== 'hsm_master_key')
    throw new Refusal('--generate_hsm_master_key needs --keystore_encryption_type=hsm_master_key')
  await createMasterKey(masterKeySettings(context, masterKeyVersion(context)))
  log.audit(events.masterKeyMade, { hsm_key_label: options.hsm_key_label })
  log.info(`Master key "${options.hsm_key_label}" made in the hardware security module`)
}

/** The version that a new master key is for. */
function masterKeyVersion({ options: { keystore }, log }: Context): StoreVersion {
  if (!versions.includes(keystore)) throw new Refusal(`Unknown --keystore option: ${keystore}`)
  if (keystore === '') log.warning('No --keystore given: the master key is made for v1')
  return keystore === 'v2' ? 'v2' : 'v1'
}

function masterKeySettings({ options, environment, log }: Context, version: StoreVersion) {
  const warn = (sentence: string) => log.warning(sentence)
  return { options, environment, version, warn, createsKeys: options.kms_key_policy === 'create' }
}

async function makeKeys(context: Context): Promise<void> {
  const { options, log, print } = context
  const { keystore: asked, keys_output_dir: folder, keys_public_output_dir } = options
  if (!versions.includes(asked))
    throw new Refusal(`Unknown --keystore version: ${asked} (supported: v1, v2)`)
  const wanted = wantedPurposes(options)
  const clientId = await clientIdFor(options, wanted)
  const redis = redisForKeys(options, context.environment, (sentence) =>
    context.log.warning(sentence),
  )
  const version = await storeVersion(context, redis)
  const wrapper = await openMasterKey(masterKeySettings(context, version))
  try {
    const keystore = await openKeystore({
      folder,
      redis,
      version,
      publicFolder: keys_public_output_dir,
      wrapper,
      warn: (sentence) => log.warning(sentence),
    })
    for (const purpose of wanted) {
      const ref = { purpose, owner: purposes[purpose].owner && clientId }
      await keystore.generate(ref)
      log.audit(events.keyMade, { key_id: keyId(ref) })
      print(`${products.find((product) => product.purpose === purpose)!.line}\n`)
    }
  } finally {
    wrapper.wipe()
  }
}

const versions: readonly string[] = ['', 'v1', 'v2']

/** The version that was asked for, else that of the folder. */
async function storeVersion(
  { options, log }: Context,
  redis: ReturnType<typeof redisForKeys>,
): Promise<StoreVersion> {
  const { keystore: asked, keys_output_dir: folder } = options
  if (asked !== '') return asked === 'v2' ? 'v2' : 'v1'
  const found = await detectVersion(folder, redis)
  if (found === null)
    log.warning(`No --keystore given and ${folder} is empty: a keystore v1 is made`)
  return found ?? 'v1'
}

function wantedPurposes(options: Options): readonly Purpose[] {
  const asked = products.filter(({ flag }) => options[flag] === true)
  return asked.length === 0 ? wholeSet : asked.map(({ purpose }) => purpose)
}

/** Null where no key of a client is wanted. */
async function clientIdFor(options: Options, wanted: readonly Purpose[]): Promise<string | null> {
  const { client_id } = options
  const certified = await clientIdFromCertificate(options)
  if (certified !== null) {
    // The default counts, as in the original: it is on the safe side to ask for --client_id='' here.
    if (client_id !== '')
      throw new Refusal(
        'You can either specify identifier for keys via specific clientID by --client_id parameter or via TLS certificate by --tls_cert parameter.',
      )
    return certified
  }
  if (!wanted.some((purpose) => purposes[purpose].owner === 'client')) return null
  if (!isClientId(client_id))
    throw new Refusal(events.invalidClientId.message, events.invalidClientId)
  return client_id
}

/** Tells why nothing more is made; the exit code. */
function tell(log: Logger, error: unknown): number {
  if (error instanceof Refusal) log.event(error.event, { error: error.cause }, error.message)
  else if (error instanceof IdentityError) log.event(events.wrongParameter, {}, error.message)
  else if (error instanceof KeystoreError && error.code === 'master-key-exists')
    log.event(events.cannotLoadMasterKey, { error }, "Can't write master key")
  else if (error instanceof KeystoreError) log.event(eventOf(error.code), { error })
  else throw error
  return 1
}

function eventOf(code: KeystoreErrorCode): Event {
  switch (code) {
    case 'master-key-missing':
    case 'master-key-malformed':
    case 'master-key-source-invalid':
    case 'master-key-refused':
    case 'master-key-unavailable':
      return events.cannotLoadMasterKey
    case 'keystore-key-unreadable':
    case 'keystore-key-malformed':
      return events.cannotReadKeys
    default:
      return events.cannotOpenKeystore
  }
}
