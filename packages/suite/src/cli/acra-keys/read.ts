import {
  type Key,
  type KeyRef,
  type Keystore,
  keyId,
  type Purpose,
  purposes,
  wipeKeys,
} from '../../keystore/index.ts'
import { NoteVerifier } from '../../observe/audit/index.ts'
import { events } from '../../observe/index.ts'
import { flag, int } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { oneKeyNamed, storeOptions, withKeystore } from './store.ts'

const options = {
  ...storeOptions,
  public: flag(false, 'Read the public half of a key pair'),
  private: flag(false, 'Read the private half of a key pair, or a symmetric key'),
  index: int(1, 'Version of the key, as "acra-keys list --rotated-keys" numbers them', { min: 1 }),
} as const

/** spec: cli-tools §6 */
export const read: Program<typeof options> = {
  name: 'acra-keys read',
  kind: 'tool',
  description:
    'Writes the bytes of a key to stdout, unwrapped, and nothing else. The public half of a pair is what AcraWriter is given; a private or symmetric key opens all that it sealed, so keep it off disks and terminals.',
  examples: [
    'acra-keys read --public client/someid/storage > someid_storage.pub',
    'acra-keys read client/someid/symmetric | sha256sum',
    'acra-keys read --public audit-log-signing > audit.pub',
  ],
  operands: '<key-ID>',
  options,
  async run(context) {
    const { options, operands, print } = context
    const ref = oneKeyNamed(operands, 'read')
    checkKind(ref, options)
    const bytes = await withKeystore(context, 'keys', (keystore) =>
      options.public
        ? publicKeyOf(keystore, ref, options.index)
        : secretOf(keystore, ref, options.index),
    )
    const part = options.public ? 'public' : 'secret'
    context.log.audit(events.keyRead, { key_id: keyId(ref), index: options.index, part })
    print(bytes)
    return 0
  },
}

/** Symmetric only in name: its public half is computed, and read as text. */
const SIGNING: Purpose = 'audit-log-signing'

function checkKind(ref: KeyRef, asked: { readonly public: boolean; readonly private: boolean }) {
  if (asked.public && asked.private)
    throw new Refusal('"read" command does not support more than one key kind')
  if (ref.purpose === SIGNING && asked.public) return
  if (purposes[ref.purpose].kind === 'symmetric') {
    if (asked.public) throw new Refusal(`${keyId(ref)} is symmetric and has no public half`)
  } else if (!asked.public && !asked.private)
    throw new Refusal('"read" command requires key kind: --public or --private')
}

async function publicKeyOf(keystore: Keystore, ref: KeyRef, index: number) {
  if (ref.purpose === SIGNING) {
    const seed = await secretOf(keystore, ref, index)
    return Buffer.from(`${NoteVerifier.ofSeed(seed)}\n`)
  }
  return versionOf(ref, await keystore.publicKeys(ref), index)
}

async function secretOf(keystore: Keystore, ref: KeyRef, index: number): Promise<Uint8Array> {
  const keys: readonly Key[] = await keystore.keys(ref)
  try {
    return Buffer.from(versionOf(ref, keys, index).secret)
  } finally {
    wipeKeys(keys)
  }
}

/** The version with this index: 1 is the newest, 2 the oldest. */
function versionOf<T>(ref: KeyRef, newestFirst: readonly T[], index: number): T {
  const version = index === 1 ? newestFirst[0] : newestFirst.toReversed()[index - 2]
  if (version !== undefined && index <= newestFirst.length) return version
  throw new Refusal(
    newestFirst.length === 0
      ? `There is no key ${keyId(ref)}`
      : `There is no version ${index} of ${keyId(ref)}: it has ${newestFirst.length}`,
  )
}
