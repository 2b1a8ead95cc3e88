import {
  masterKeyOptions,
  openMasterKey,
  type RewrapSettings,
  redisForKeys,
  rewrapFiles,
  rewrapState,
  storeFor,
  unprovenFiles,
} from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import { flag, type OptionTable, type OptionValues, prefixed } from '../../options/index.ts'
import type { Program, ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { storeOptions } from './store.ts'

const options = {
  ...storeOptions,
  ...prefixed('new_', masterKeyOptions),
  dry_run: flag(false, 'Look at every key and change nothing'),
} as const

type Context = ProgramContext<typeof options>

/** Variables that may differ for the new master key; each has `NEW_` before its name then. */
const variables = ['ACRA_MASTER_KEY', 'VAULT_API_TOKEN', 'ACRA_HSM_PIN'] as const

/** Ours. */
export const rotateMaster: Program<typeof options> = {
  name: 'acra-keys rotate-master',
  kind: 'tool',
  description:
    'Wraps every key of a keystore, rotated ones too, under a new master key. The old one comes from ACRA_MASTER_KEY and the options of every tool, the new one from NEW_ACRA_MASTER_KEY and the same options with new_ before their names. It may be cut off at any time and run again. At the end it proves that every key opens under the new master key and none under the old one. Servers that have ACRA_MASTER_KEY set to the new key and ACRA_MASTER_KEY_PREVIOUS to the old one go on working meanwhile.',
  examples: [
    'acra-keymaker --generate_master_key=new.key',
    'NEW_ACRA_MASTER_KEY=$(base64 -w0 new.key) acra-keys rotate-master --dry_run',
    'NEW_ACRA_MASTER_KEY=$(base64 -w0 new.key) acra-keys rotate-master',
  ],
  options,
  async run(context) {
    const { log, options } = context
    const settings = await settingsOf(context)
    try {
      const looked = await withBar(context, settings, 'looking', 0, rewrapState)
      const { pending, done, unreadable } = looked
      for (const { message } of unreadable) log.error(message)
      if (unreadable.length > 0)
        throw new Refusal(
          `${unreadable.length} keys open under neither master key; nothing was changed`,
        )
      log.info(`${pending.length} files are under the old master key, ${done.length} under the new`)
      if (options.dry_run) {
        log.info('Run without --dry_run to change the master key')
        return 0
      }
      await rewrapAll(context, settings)
      const unproven = await withBar(context, settings, 'proving', 0, unprovenFiles)
      for (const place of unproven) log.error(`Not proven: ${place}`)
      if (unproven.length > 0)
        throw new Refusal(`${unproven.length} files are not under the new master key alone`)
      log.audit(events.masterKeyChanged)
      log.info('Every key opens under the new master key, and none under the old one')
      log.info('Set ACRA_MASTER_KEY to the new master key wherever this keystore is used')
      return 0
    } finally {
      settings.from.wipe()
      settings.to.wipe()
    }
  },
}

/** Until nothing is left: a key may be rotated meanwhile under the old master key. */
async function rewrapAll(context: Context, settings: RewrapSettings): Promise<void> {
  for (;;) {
    const { pending } = await rewrapState(settings)
    if (pending.length === 0) return
    await withBar(context, settings, 'wrapping', pending.length, (shown) =>
      rewrapFiles(shown, pending),
    )
    context.log.info(`Wrapped ${pending.length} files under the new master key`)
  }
}

async function withBar<T>(
  { progress }: Context,
  settings: RewrapSettings,
  title: string,
  total: number,
  work: (settings: RewrapSettings) => Promise<T>,
): Promise<T> {
  const bar = progress(title, total)
  return work({ ...settings, advance: () => bar.advance() }).finally(bar.end)
}

async function settingsOf({ options, environment, log }: Context): Promise<RewrapSettings> {
  const warn = (sentence: string) => log.warning(sentence)
  const place = {
    folder: options.keys_dir,
    publicFolder: options.keys_dir_public,
    redis: redisForKeys(options, environment, warn),
  }
  const store = await storeFor(place)
  if (store === null) throw new Refusal(`There is no keystore in ${options.keys_dir}`)
  const { version } = store
  const newOptions = unprefixed('new_', masterKeyOptions, options)
  if (
    newOptions.keystore_encryption_type === 'env_master_key' &&
    newOptions.vault_connection_api_string === '' &&
    !environment.NEW_ACRA_MASTER_KEY
  )
    throw new Refusal(
      'Set NEW_ACRA_MASTER_KEY to the base64 of the new master key, or say by new_ options where it is',
    )
  const common = { version, warn, createsKeys: true }
  const from = await openMasterKey({ options, environment, ...common })
  try {
    const to = await openMasterKey({
      options: newOptions,
      environment: newEnvironment(environment),
      ...common,
    })
    return { ...store, from, to, warn, advance() {} }
  } catch (error) {
    from.wipe()
    throw error
  }
}

/** The values of a table that stand under names with a prefix. */
function unprefixed<T extends OptionTable>(
  prefix: string,
  table: T,
  values: OptionValues<OptionTable>,
): OptionValues<T> {
  const rows = Object.keys(table).map((name) => [name, values[`${prefix}${name}`]])
  return Object.fromEntries(rows) as OptionValues<T> // The names and value types are those of `table`.
}

function newEnvironment(environment: Context['environment']): Context['environment'] {
  const changed = variables.map((name) => [name, environment[`NEW_${name}`] ?? environment[name]])
  return {
    ...environment,
    ...Object.fromEntries(changed),
    ACRA_MASTER_KEY: environment.NEW_ACRA_MASTER_KEY,
  }
}
