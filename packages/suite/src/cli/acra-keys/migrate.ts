import { migrateKey } from '../../keystore/bundle/index.ts'
import {
  detectVersion,
  type Keystore,
  keyId,
  masterKeyOptions,
  openKeystore,
  openMasterKey,
  redisForKeys,
  redisKeysOptions,
  type StoreVersion,
} from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import {
  choice,
  flag,
  type OptionTable,
  type OptionValues,
  prefixed,
  text,
} from '../../options/index.ts'
import type { Program, ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'

/** What is said of each of the two keystores; names have a prefix. spec: cli-tools §6.3 */
const sideOptions = {
  keystore: choice(['', 'v1', 'v2'], '', 'Version of the keystore'),
  keys_dir: text('', 'Folder of the keys'),
  keys_dir_public: text('', 'Folder of the public keys; that of the keys when empty'),
  ...masterKeyOptions,
  ...redisKeysOptions,
} as const

const options = {
  ...prefixed('src_', sideOptions),
  ...prefixed('dst_', sideOptions),
  dry_run: flag(false, 'Open every key and write nothing'),
  force: flag(false, 'Import into a keystore that exists already'),
} as const

type Context = ProgramContext<typeof options>
type Side = OptionValues<typeof sideOptions>

/** spec: cli-tools §6.3 */
export const migrate: Program<typeof options> = {
  name: 'acra-keys migrate',
  kind: 'tool',
  description:
    'Brings every key of a keystore, its earlier versions too, into another keystore: from version 1 to version 2, or to another folder. The master keys are those in SRC_ACRA_MASTER_KEY and DST_ACRA_MASTER_KEY. The source stays as it is.',
  examples: [
    'acra-keys migrate --src_keystore=v1 --src_keys_dir=.acrakeys --dst_keystore=v2 --dst_keys_dir=.acrakeys.v2 --dry_run',
    'acra-keys migrate --src_keystore=v1 --src_keys_dir=.acrakeys --dst_keystore=v2 --dst_keys_dir=.acrakeys.v2',
  ],
  options,
  async run(context) {
    const { options, log } = context
    const source = sideOf('src_', options)
    const target = sideOf('dst_', options)
    await checkSides(context, source, target)
    const failed = await withSide(context, source, 'SRC_', (from) =>
      withSide(context, target, 'DST_', (to) => migrateAll(context, from, to)),
    )
    if (failed > 0)
      throw new Refusal('Migration failed', undefined, { cause: 'Incomplete key import' })
    if (!options.dry_run)
      log.audit(events.keysMigrated, { from: source.keys_dir, to: target.keys_dir })
    log.info('Migration complete')
    log.info(`Old keystore: ${source.keys_dir}`)
    log.info(`New keystore: ${target.keys_dir}`)
    if (options.dry_run) log.info('Run without --dry_run to actually write key data')
    return 0
  },
}

async function migrateAll(
  { options, log, progress }: Context,
  from: Keystore,
  to: Keystore,
): Promise<number> {
  const refs = (await from.list()).filter(({ index }) => index === 1)
  const bar = progress('migrating', refs.length)
  let failed = 0
  for (const { ref } of refs) {
    try {
      await migrateKey(from, options.dry_run ? null : to, ref)
    } catch (error) {
      failed++
      log.warning('Failed to import key', { key: keyId(ref), error })
    }
    bar.advance()
  }
  bar.end()
  return failed
}

async function checkSides(
  { options, environment, log }: Context,
  source: Side,
  target: Side,
): Promise<void> {
  for (const [prefix, side] of [
    ['src', source],
    ['dst', target],
  ] as const) {
    if (side.keystore === '')
      throw new Refusal(`Missing required argument: --${prefix}_keystore={v1|v2}`, undefined, {
        cause: 'keystore format not specified',
      })
    if (side.keys_dir === '')
      throw new Refusal(`Missing required argument: --${prefix}_keys_dir`, undefined, {
        cause: 'keys directory not specified',
      })
  }
  if (source.keystore === 'v2' && target.keystore === 'v1')
    throw new Refusal('Keystore conversion not supported: v2 to v1')
  const warn = (sentence: string) => log.warning(sentence)
  const versionOf = (side: Side) =>
    detectVersion(side.keys_dir, redisForKeys(side, environment, warn))
  if ((await versionOf(source)) === null)
    throw new Refusal(`There is no keystore in ${source.keys_dir}`)
  if ((await versionOf(target)) !== null && !options.force)
    throw new Refusal(
      'Key directory already exists. Run with --force to import into existing directory',
      undefined,
      { cause: 'destination exists' },
    )
}

async function withSide<T>(
  { environment, log }: Context,
  side: Side,
  prefix: 'SRC_' | 'DST_',
  work: (keystore: Keystore) => Promise<T>,
): Promise<T> {
  const warn = (sentence: string) => log.warning(sentence)
  const version: StoreVersion = side.keystore === 'v2' ? 'v2' : 'v1'
  const name = `${prefix}ACRA_MASTER_KEY`
  if (
    side.keystore_encryption_type === 'env_master_key' &&
    side.vault_connection_api_string === '' &&
    !environment[name]
  )
    throw new Refusal(`Set ${name} to the base64 of the master key`)
  const wrapper = await openMasterKey({
    options: side,
    environment: { ...environment, ACRA_MASTER_KEY: environment[name] },
    version,
    warn,
    createsKeys: prefix === 'DST_',
  })
  try {
    return await work(
      await openKeystore({
        folder: side.keys_dir,
        publicFolder: side.keys_dir_public,
        redis: redisForKeys(side, environment, warn),
        version,
        wrapper,
        warn,
      }),
    )
  } finally {
    wrapper.wipe()
  }
}

function sideOf(prefix: 'src_' | 'dst_', values: OptionValues<OptionTable>): Side {
  const rows = Object.keys(sideOptions).map((name) => [name, values[`${prefix}${name}`]])
  return Object.fromEntries(rows) as Side // The names and value types are those of the table.
}
