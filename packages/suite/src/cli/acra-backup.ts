import {
  type BundledKey,
  collectKeys,
  importKeys,
  openBundle,
  sealBundle,
  wipeBundled,
} from '../keystore/bundle/index.ts'
import { keyId } from '../keystore/index.ts'
import { events } from '../observe/index.ts'
import { type OptionValues, text } from '../options/index.ts'
import { storeOptions, versionThere, withKeystore } from './acra-keys/store.ts'
import type { Program, ProgramContext } from './program.ts'
import { Refusal } from './refusal.ts'
import { draftFile, readUserFile } from './whole-file.ts'

const { keys_dir: _folder, keys_dir_public: _public, ...sharedOptions } = storeOptions

const options = {
  action: text('', 'What to do: export or import'),
  file: text('', 'File of the backup'),
  keys_private_dir: text('.acrakeys', 'Folder of the keys'),
  keys_public_dir: text('', 'Folder of the public keys; that of keys_private_dir when empty'),
  ...sharedOptions,
} as const

type Context = ProgramContext<typeof options>

const SECRET_VARIABLE = 'BACKUP_MASTER_KEY'
const BACKUP_SIZE_MAX = 512 * 1024 * 1024

/** acra-backup: a whole keystore v1 in one file. spec: cli-tools §7 */
export const program: Program<typeof options> = {
  name: 'acra-backup',
  kind: 'tool',
  description:
    'Writes all keys of a keystore v1 into one sealed file, or brings them back under the master key of now, in the place of what is there. An export, a new master key and an import change the master key; "acra-keys rotate-master" does it in one step, and "acra-keys export" makes backups of any keystore.',
  examples: [
    'acra-backup --action=export --file=keys.backup',
    `${SECRET_VARIABLE}=... acra-backup --action=import --file=keys.backup --keys_private_dir=restored`,
  ],
  options,
  async run(context) {
    const { action, file } = context.options
    if (action !== 'export' && action !== 'import')
      throw new Refusal('Invalid value for --action parameter: export or import')
    if (file === '') throw new Refusal('--file is required')
    await (action === 'export' ? exportKeys(context) : importBackup(context))
    return 0
  },
}

async function exportKeys(context: Context): Promise<void> {
  const { options, log, console } = context
  if ((await versionThere(storeContext(context))) === 'v2')
    throw new Refusal(
      'acra-backup is for keystores v1: use "acra-keys export --all --private_keys"',
    )
  const sealed = await withKeystore(storeContext(context), 'keys', async (keystore) => {
    const current = (await keystore.list()).filter(({ index }) => index === 1)
    if (current.length === 0) throw new Refusal(`No keys in ${options.keys_private_dir}`)
    const refs = current.map(({ ref }) => ref)
    const keys = await collectKeys(keystore, refs, true)
    try {
      return await sealBundle('v1', keys)
    } finally {
      wipeBundled(keys)
    }
  })
  const draft = await draftFile(options.file, sealed.bundle)
  await draft.commit(true).finally(draft.discard)
  const secret = sealed.secret.toString('base64')
  sealed.secret.fill(0)
  log.audit(events.keysExported, { keys: 'all', private_keys: true, file: options.file })
  console.info(`Backup master key: ${secret}\n Backup saved to file: ${options.file}`)
}

async function importBackup(context: Context): Promise<void> {
  const { options, environment, log } = context
  const secret = secretOf(environment[SECRET_VARIABLE])
  let keys: BundledKey[] = []
  try {
    keys = await openBundle({ bundle: await readUserFile(options.file, BACKUP_SIZE_MAX), secret })
    await withKeystore(storeContext(context), 'keys', (keystore) =>
      importKeys(keystore, keys, true),
    )
    log.audit(events.keysImported, { keys: keys.map(({ ref }) => keyId(ref)) })
    log.info(`Imported ${keys.length} keys`)
  } finally {
    secret.fill(0)
    wipeBundled(keys)
  }
}

function secretOf(text: string | undefined): Buffer {
  if (!text) throw new Refusal(`Env variable ${SECRET_VARIABLE} is empty`)
  const joined = text.replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(joined) || joined.length % 4 !== 0)
    throw new Refusal(`Can't parse base64 value from env variable ${SECRET_VARIABLE}`)
  const secret = Buffer.from(joined, 'base64')
  if (secret.length === 32) return secret
  throw new Refusal(`Symmetric key stored in ${SECRET_VARIABLE} env variable is invalid`)
}

/** The same store under the names of the other tools. */
function storeContext({ options, environment, log }: Context) {
  const { keys_private_dir: keys_dir, keys_public_dir: keys_dir_public } = options
  const values: OptionValues<typeof storeOptions> = { ...options, keys_dir, keys_dir_public }
  return { options: values, environment, log }
}
