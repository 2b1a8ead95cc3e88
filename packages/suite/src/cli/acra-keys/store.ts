import {
  detectVersion,
  type KeyRef,
  type Keystore,
  type KeyWrapper,
  keyOfId,
  keysFolderOptions,
  masterKeyOptions,
  openKeystore,
  openMasterKey,
  redisForKeys,
  redisKeysOptions,
  type StoreVersion,
} from '../../keystore/index.ts'
import { tlsToolOptions } from '../../net/index.ts'
import { toolAuditOptions } from '../../observe/index.ts'
import { text } from '../../options/index.ts'
import type { ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'

/** Where a command finds the keys, and what opens them. spec: cli-tools §6 */
export const storeOptions = {
  ...keysFolderOptions,
  keys_dir_public: text('', 'Folder of the public keys; that of keys_dir when empty'),
  ...masterKeyOptions,
  ...redisKeysOptions,
  ...tlsToolOptions,
  ...toolAuditOptions,
} as const

type StoreContext = Pick<ProgramContext<typeof storeOptions>, 'options' | 'environment' | 'log'>

/**
 * Opens the keystore for `work` and overwrites its master key afterwards. Where only names are asked for, a keystore v1 needs no master key;
 * one of version 2 does, to check its signatures. A store that is not there yet is made in the version that is asked for.
 */
export async function withKeystore<T>(
  context: StoreContext,
  asksFor: 'keys' | 'names',
  work: (keystore: Keystore) => Promise<T>,
  asked: StoreVersion | null = null,
): Promise<T> {
  const { options, log } = context
  const warn = (sentence: string) => log.warning(sentence)
  const redis = redisForKeys(options, context.environment, warn)
  const version = asked ?? (await versionThere(context)) ?? 'v1'
  const wrapper = await wrapperFor(context, asksFor, version)
  try {
    const keystore = await openKeystore({
      folder: options.keys_dir,
      version,
      publicFolder: options.keys_dir_public,
      redis,
      wrapper,
      warn,
    })
    return await work(keystore)
  } finally {
    wrapper?.wipe()
  }
}

/** The version of the keystore that the options name; null where nothing is there. */
export function versionThere({
  options,
  environment,
  log,
}: StoreContext): Promise<StoreVersion | null> {
  const warn = (sentence: string) => log.warning(sentence)
  return detectVersion(options.keys_dir, redisForKeys(options, environment, warn))
}

async function wrapperFor(
  { options, environment, log }: StoreContext,
  asksFor: 'keys' | 'names',
  version: StoreVersion,
): Promise<KeyWrapper | null> {
  if (asksFor === 'names' && version === 'v1') return null
  const warn = (sentence: string) => log.warning(sentence)
  return openMasterKey({ options, environment, version, warn, createsKeys: true })
}

/** The key that an id on the command line names. */
export function keyNamed(id: string): KeyRef {
  const ref = keyOfId(id)
  if (ref !== null) return ref
  throw new Refusal(
    id.startsWith('-')
      ? `Options stand before the key ID: move ${id}`
      : `Unknown key ID: ${id}; "acra-keys list" shows those of the keystore`,
  )
}

/** The one key that a command is about. */
export function oneKeyNamed(operands: readonly string[], command: string): KeyRef {
  const [id, more] = operands
  if (id === undefined) throw new Refusal(`"${command}" command requires a key ID`)
  if (more !== undefined)
    throw new Refusal(`"${command}" command does not support more than one key ID: ${more}`)
  return keyNamed(id)
}
