import { keyId, purposes } from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { keyNamed, storeOptions, withKeystore } from './store.ts'

/** Ours; of the Enterprise edition in the original. */
export const recoverPublic: Program<typeof storeOptions> = {
  name: 'acra-keys recover-public',
  kind: 'tool',
  description:
    'Writes public halves again from the private ones, byte for byte as they were, where they are missing or were replaced. Of every pair of the keystore, or of those that are named. The rings of a keystore v2 hold both halves under one signature, so that there is nothing to recover.',
  examples: ['acra-keys recover-public', 'acra-keys recover-public client/someid/storage'],
  operands: '[<key-ID>...]',
  options: storeOptions,
  async run(context) {
    const { operands, log } = context
    const named = operands.map(keyNamed)
    for (const ref of named)
      if (purposes[ref.purpose].kind === 'symmetric')
        throw new Refusal(`${keyId(ref)} is symmetric and has no public half`)
    const recovered = await withKeystore(context, 'keys', async (keystore) => {
      const refs = named.length > 0 ? named : (await keystore.list()).map(({ ref }) => ref)
      const pairs = new Map(
        refs
          .filter(({ purpose }) => purposes[purpose].kind === 'pair')
          .map((ref) => [keyId(ref), ref]),
      )
      return keystore.recoverPublic([...pairs.values()])
    })
    if (recovered.length > 0) log.audit(events.publicKeysRecovered, { keys: recovered.map(keyId) })
    for (const ref of recovered) log.info(`Recovered the public half of ${keyId(ref)}`)
    if (recovered.length === 0)
      log.info('Every public half is there and belongs to its private one')
    return 0
  },
}
