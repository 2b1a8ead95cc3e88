import { keyId } from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import { int } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { oneKeyNamed, storeOptions, withKeystore } from './store.ts'

const options = {
  ...storeOptions,
  index: int(1, 'Version of the key, as "acra-keys list --rotated-keys" numbers them'),
} as const

/** spec: cli-tools §6.4 */
export const destroy: Program<typeof options> = {
  name: 'acra-keys destroy',
  kind: 'tool',
  description:
    'Destroys one version of a key for good. What only this version opens is lost: make a backup first, and re-encrypt what it sealed. Index 1 is the current version, 2 the oldest rotated one.',
  examples: ['acra-keys list --rotated-keys', 'acra-keys destroy --index=2 client/someid/storage'],
  operands: '<key-ID>',
  options,
  async run(context) {
    const { options, operands, log } = context
    const { index } = options
    const ref = oneKeyNamed(operands, 'destroy')
    if (index < 1)
      throw new Refusal('"destroy" command expected --index flag value greater than 1', undefined, {
        cause: 'invalid index value provided',
      })
    await withKeystore(context, 'keys', (keystore) => keystore.destroy(ref, index))
    log.audit(events.keyDestroyed, { key_id: keyId(ref), index })
    log.info(`Destroyed version ${index} of ${keyId(ref)}`)
    return 0
  },
}
