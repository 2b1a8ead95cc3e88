import {
  type BundledKey,
  importKeys as importInto,
  openBundle,
  wipeBundled,
} from '../../keystore/bundle/index.ts'
import { type KeyDescription, type Keystore, keyId } from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import { choice, flag } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { bundleOptions, checkBundlePaths, readBundle } from './bundle-files.ts'
import { keyJson, keyTable } from './key-table.ts'
import { storeOptions, withKeystore } from './store.ts'

const options = {
  ...storeOptions,
  ...bundleOptions,
  keystore: choice(['', 'v1', 'v2'], '', 'Version of the keystore, where there is none yet'),
  json: flag(false, 'Print the imported keys as JSON'),
  force: flag(false, 'Replace keys of the keystore that differ'),
} as const

/** spec: cli-tools §6.2 */
export const importKeys: Program<typeof options> = {
  name: 'acra-keys import',
  kind: 'tool',
  description:
    "Puts the keys of a bundle into a keystore, under its own master key, with all their versions. A key that is there already must be the same, unless --force is given. A bundle that is damaged, or holds anything but keys, is refused as a whole; an import that was cut off may be run again. Bundles of Acra's keystores v1 and v2 are both taken.",
  examples: [
    'acra-keys import --key_bundle_file=keys.bundle --key_bundle_secret=keys.secret',
    'acra-keys import --keys_dir=restored --keystore=v2 --key_bundle_file=backup.bundle --key_bundle_secret=backup.secret',
  ],
  options,
  async run(context) {
    const { options, log, print, progress } = context
    checkBundlePaths(options)
    const sealed = await readBundle(options)
    let keys: BundledKey[] = []
    try {
      keys = await openBundle(sealed)
      const work = async (keystore: Keystore) => {
        const bar = progress('importing', keys.length)
        await importInto(keystore, keys, options.force, () => bar.advance()).finally(bar.end)
        return imported(keystore, keys)
      }
      const asked = options.keystore === '' ? null : options.keystore
      const present = await withKeystore(context, 'keys', work, asked)
      log.audit(events.keysImported, { keys: keys.map(({ ref }) => keyId(ref)) })
      log.info(`successfully imported ${keys.length} keys`)
      print((options.json ? keyJson : keyTable)(present, true))
    } finally {
      sealed.secret.fill(0)
      wipeBundled(keys)
    }
    return 0
  },
}

/** What the keystore says of the keys in the bundle. */
async function imported(
  keystore: Keystore,
  keys: readonly BundledKey[],
): Promise<readonly KeyDescription[]> {
  const ids = new Set(keys.map(({ ref }) => keyId(ref)))
  return (await keystore.list()).filter(({ ref }) => ids.has(keyId(ref)))
}
