import {
  addZone,
  createMasterKey,
  isClientId,
  type Keystore,
  keyId,
  type Purpose,
  purposes,
  type StoreVersion,
  writeMasterKeyFile,
} from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import { choice, flag, type OptionValues, text } from '../../options/index.ts'
import { clientIdFromCertificate, commandCertificateOptions } from '../client-id.ts'
import type { Program, ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { storeOptions, versionThere, withKeystore } from './store.ts'

const options = {
  ...storeOptions,
  keystore: choice(['', 'v1', 'v2'], '', 'Version of the keystore, where there is none yet'),
  client_id: text('', 'Client id that the keys belong to'),
  ...commandCertificateOptions,
  print_json: flag(false, 'Print client id or zone as JSON'),
  master_key_path: text('', 'Write a new master key to this file and exit'),
  force: flag(false, 'With master_key_path: replace an existing file'),
  client_storage_key: flag(false, 'Make the storage key pair, for AcraStructs'),
  client_storage_symmetric_key: flag(false, 'Make the symmetric storage key, for AcraBlocks'),
  search_hmac_symmetric_key: flag(false, 'Make the key of searchable encryption'),
  audit_log_symmetric_key: flag(false, 'Make the key of the audit log'),
  audit_log_signing_key: flag(false, 'Make the key that signs checkpoints of the audit log'),
  poison_record_keys: flag(false, 'Make the key pair and symmetric key of poison records'),
  acraconnector_transport_key: flag(false, 'Make the transport key pair of acra-connector'),
  acraserver_transport_key: flag(false, 'Make the transport key pair of acra-server'),
  acratranslator_transport_key: flag(false, 'Make the transport key pair of acra-translator'),
  acrawebconfig_symmetric_key: flag(
    false,
    'Make the key of the users of acra-webconfig, unless there is one',
  ),
  zone: flag(false, 'Make a new zone: its id is printed with its public key, as JSON'),
  zone_id: text('', 'Zone that zone_storage_key and zone_storage_symmetric_key are for'),
  zone_storage_key: flag(false, 'Make a new key pair for the zone in zone_id'),
  zone_storage_symmetric_key: flag(false, 'Make a new symmetric key for the zone in zone_id'),
} as const

type Options = OptionValues<typeof options>
type Context = ProgramContext<typeof options>

/** A key that a flag asks for, and what the log says once it is made. */
interface Product {
  readonly flag: keyof Options
  readonly purpose: Purpose
  readonly line: string
}

/** In the order in which keys are made. spec: cli-tools §6.5 */
const products: readonly Product[] = [
  {
    flag: 'acraconnector_transport_key',
    purpose: 'transport-connector',
    line: 'Generated AcraConnector transport key',
  },
  {
    flag: 'acraserver_transport_key',
    purpose: 'transport-server',
    line: 'Generated AcraServer transport key',
  },
  {
    flag: 'acratranslator_transport_key',
    purpose: 'transport-translator',
    line: 'Generated AcraTranslator transport key',
  },
  { flag: 'client_storage_key', purpose: 'storage', line: 'Generated client storage key' },
  {
    flag: 'acrawebconfig_symmetric_key',
    purpose: 'authentication',
    line: 'Generated AcraWebConfig symmetric key',
  },
  { flag: 'zone_storage_key', purpose: 'zone', line: 'Generated zone storage key' },
  {
    flag: 'zone_storage_symmetric_key',
    purpose: 'zone-symmetric',
    line: 'Generated zone storage symmetric key',
  },
  {
    flag: 'client_storage_symmetric_key',
    purpose: 'storage-symmetric',
    line: 'Generated client storage symmetric key',
  },
  {
    flag: 'audit_log_symmetric_key',
    purpose: 'audit-log',
    line: 'Generated HMAC key for audit log',
  },
  {
    flag: 'audit_log_signing_key',
    purpose: 'audit-log-signing',
    line: 'Generated signing key for checkpoints of the audit log',
  },
  {
    flag: 'search_hmac_symmetric_key',
    purpose: 'hmac',
    line: 'Generated HMAC key for searchable encryption',
  },
  {
    flag: 'poison_record_keys',
    purpose: 'poison-symmetric',
    line: 'Generated symmetric key for poison records',
  },
  { flag: 'poison_record_keys', purpose: 'poison', line: 'Generated keypair for poison records' },
]

/** Not of the whole set: the web console's key and those of zones. */
const onlyWhenAsked: readonly Purpose[] = [
  'audit-log-signing',
  'authentication',
  'zone',
  'zone-symmetric',
]

/** spec: cli-tools §6.5 */
export const generate: Program<typeof options> = {
  name: 'acra-keys generate',
  kind: 'tool',
  description:
    'Makes keys, or new versions of keys: the earlier versions stay and open what they sealed. With --keystore and --client_id alone it makes the whole set of a client.',
  examples: [
    'acra-keys generate --keystore=v1 --master_key_path=master.key',
    'acra-keys generate --client_id=someid --client_storage_symmetric_key',
  ],
  options,
  async run(context) {
    if (context.options.master_key_path === '') await makeKeys(context)
    else await makeMasterKey(context)
    return 0
  },
}

async function makeMasterKey({ options, environment, log }: Context): Promise<void> {
  const { keystore, master_key_path: path, force } = options
  if (keystore === '') throw new Refusal('Keystore version is required: --keystore={v1|v2}')
  const version: StoreVersion = keystore
  const warn = (sentence: string) => log.warning(sentence)
  const key = await createMasterKey({ options, environment, version, warn, createsKeys: true })
  if (key === null) return
  await writeMasterKeyFile(path, key, force).finally(() => key.fill(0))
  log.audit(events.masterKeyMade, { file: path })
  log.info(`Master key written to ${path}; keep a copy in a safe place`)
}

async function makeKeys(context: Context): Promise<void> {
  const { options, log, print } = context
  const clientId = await clientIdOf(options)
  const wanted = wantedProducts(options, clientId)
  if (wanted.length === 0 && !options.zone) {
    if (clientId === null) throw noClientId()
    log.info('No keys were updated')
    return
  }
  for (const { purpose } of wanted) checkOwnerGiven(purpose, clientId, options)
  if (options.keystore === '' && (await versionThere(context)) === null)
    throw new Refusal('Keystore version is required: --keystore={v1|v2}')
  const work = async (keystore: Keystore) => {
    for (const product of wanted) await make(keystore, product, clientId, context)
    if (options.zone) {
      const id = await addZone(keystore)
      log.audit(events.keyMade, { key_id: keyId({ purpose: 'zone', owner: id }) })
      log.audit(events.keyMade, { key_id: keyId({ purpose: 'zone-symmetric', owner: id }) })
      log.info('Generated new Acra zone')
      print(await zoneJson(keystore, id))
    }
    if (!options.print_json) return
    if (clientId !== null) print(`${JSON.stringify({ client_id: clientId })}\n`)
    if (options.zone_storage_key) print(await zoneJson(keystore, options.zone_id))
  }
  await withKeystore(context, 'keys', work, options.keystore === '' ? null : options.keystore)
}

async function make(
  keystore: Keystore,
  { purpose, line }: Product,
  clientId: string | null,
  { options, log }: Context,
): Promise<void> {
  const owners = { client: clientId, zone: options.zone_id }
  const { owner: kind } = purposes[purpose]
  const ref = { purpose, owner: kind && owners[kind] }
  if (purpose === 'authentication' && !(await keystore.generateMissing(ref))) return
  if (purpose !== 'authentication') await keystore.generate(ref)
  log.audit(events.keyMade, { key_id: keyId(ref) })
  log.info(line)
}

/** Null where neither the options nor a certificate tell one. */
async function clientIdOf(options: Options): Promise<string | null> {
  const certified = await clientIdFromCertificate(options)
  if (certified !== null && options.client_id !== '')
    throw new Refusal('client ID and TLS certificate path are both provided')
  if (certified !== null) return certified
  if (options.client_id === '') return null
  if (!isClientId(options.client_id))
    throw new Refusal(events.invalidClientId.message, events.invalidClientId)
  return options.client_id
}

function wantedProducts(options: Options, clientId: string | null): readonly Product[] {
  const asked = products.filter(({ flag }) => options[flag] === true)
  if (asked.length > 0 || options.keystore === '' || clientId === null) return asked
  return products.filter(({ purpose }) => !onlyWhenAsked.includes(purpose))
}

function checkOwnerGiven(purpose: Purpose, clientId: string | null, options: Options): void {
  const { owner } = purposes[purpose]
  if (owner === 'client' && clientId === null) throw noClientId()
  if (owner === 'zone' && options.zone_id === '')
    throw new Refusal('--zone_id is required to generate zone keys')
}

function noClientId(): Refusal {
  const cause = 'client ID not specified'
  return new Refusal('--client_id or --tls_cert is required to generate keys', undefined, { cause })
}

async function zoneJson(keystore: Keystore, id: string): Promise<string> {
  const [publicKey] = await keystore.publicKeys({ purpose: 'zone', owner: id })
  const public_key = Buffer.from(publicKey!).toString('base64')
  return `${JSON.stringify({ id, public_key })}\n`
}
