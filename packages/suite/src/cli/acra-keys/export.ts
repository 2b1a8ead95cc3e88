import { collectKeys, sealBundle, wipeBundled } from '../../keystore/bundle/index.ts'
import { type KeyRef, type Keystore, keyId, purposes } from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import { flag, type OptionValues } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { bundleOptions, checkBundlePaths, forceOption, writeBundle } from './bundle-files.ts'
import { keyNamed, storeOptions, versionThere, withKeystore } from './store.ts'

const options = {
  ...storeOptions,
  ...bundleOptions,
  all: flag(false, 'Export every key of the keystore'),
  private_keys: flag(false, 'Export private and symmetric keys too'),
  force: forceOption,
} as const

type Options = OptionValues<typeof options>

/** spec: cli-tools §6.2 */
export const exportKeys: Program<typeof options> = {
  name: 'acra-keys export',
  kind: 'tool',
  description:
    'Writes keys with all their versions into a bundle, for another keystore or as a backup. Public halves alone, unless --private_keys is given. The bundle is sealed by a fresh secret, in a file of its own.',
  examples: [
    'acra-keys export --key_bundle_file=keys.bundle --key_bundle_secret=keys.secret client/someid/storage',
    'acra-keys export --all --private_keys --key_bundle_file=backup.bundle --key_bundle_secret=backup.secret',
  ],
  operands: '[<key-ID>...]',
  options,
  async run(context) {
    const { options, operands, log } = context
    checkBundlePaths(options)
    const asked = askedKeys(options, operands)
    const version = (await versionThere(context)) ?? 'v1'
    const count = await withKeystore(context, 'keys', async (keystore) => {
      const keys = await collectKeys(
        keystore,
        asked ?? (await everyKey(keystore)),
        options.private_keys,
      )
      try {
        checkFound(asked, keys)
        const sealed = await sealBundle(version, keys)
        await writeBundle(options, sealed, options.force).finally(() => sealed.secret.fill(0))
        return keys.length
      } finally {
        wipeBundled(keys)
      }
    })
    const { key_bundle_file: bundle, key_bundle_secret: secret } = options
    log.audit(events.keysExported, {
      keys: asked === null ? 'all' : asked.map(keyId),
      private_keys: options.private_keys,
      file: bundle,
    })
    log.info(`Exported ${count} keys`)
    log.info(`Exported key data is encrypted and saved here: ${bundle}`)
    log.info(`New encryption keys for import generated here: ${secret}`)
    log.info('DO NOT transport or store these files together')
    log.info(
      `Import the keys into another keystore like this: acra-keys import --key_bundle_file "${bundle}" --key_bundle_secret "${secret}"`,
    )
    return 0
  },
}

/** Null where all are asked for. */
function askedKeys(options: Options, operands: readonly string[]): readonly KeyRef[] | null {
  if (options.all) {
    if (operands.length > 0) throw new Refusal('"--all" and key IDs do not go together')
    return null
  }
  if (operands.length === 0)
    throw new Refusal(
      '"export" command requires at least one key ID. Use "--all" to export all keys',
    )
  const refs = new Map(operands.map(keyNamed).map((ref) => [keyId(ref), ref]))
  for (const ref of refs.values())
    if (purposes[ref.purpose].kind === 'symmetric' && !options.private_keys)
      throw new Refusal(`Export symmetric keys expect "--private_keys": ${keyId(ref)}`)
  return [...refs.values()]
}

async function everyKey(keystore: Keystore): Promise<readonly KeyRef[]> {
  return (await keystore.list()).filter(({ index }) => index === 1).map(({ ref }) => ref)
}

function checkFound(
  asked: readonly KeyRef[] | null,
  keys: readonly { readonly ref: KeyRef }[],
): void {
  const found = new Set(keys.map(({ ref }) => keyId(ref)))
  const missing = (asked ?? []).map(keyId).find((id) => !found.has(id))
  if (missing !== undefined) throw new Refusal(`There is no key ${missing}`)
  if (keys.length === 0) throw new Refusal('There are no keys to export')
}
