import { flag } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { keyJson, keyTable } from './key-table.ts'
import { storeOptions, withKeystore } from './store.ts'

const options = {
  ...storeOptions,
  json: flag(false, 'Print JSON in the place of a table'),
  'rotated-keys': flag(false, 'List the rotated versions too'),
} as const

/** spec: cli-tools §6.1 */
export const list: Program<typeof options> = {
  name: 'acra-keys list',
  kind: 'tool',
  description:
    'Lists the keys of a keystore. Index 1 is the current version of a key; rotated versions follow from 2, oldest first. Of a keystore v1 no master key is asked for.',
  examples: ['acra-keys list --rotated-keys', 'acra-keys list --keys_dir=/etc/acra/keys --json'],
  options,
  async run(context) {
    const { options, log, print } = context
    const keys = await withKeystore(context, 'names', (keystore) => keystore.list())
    if (keys.length === 0) log.warning(`No keys in ${options.keys_dir}`)
    print((options.json ? keyJson : keyTable)(keys, options['rotated-keys']))
    return 0
  },
}
