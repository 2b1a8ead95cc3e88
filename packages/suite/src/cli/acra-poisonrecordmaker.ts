import { randomInt } from 'node:crypto'
import {
  BlockKey,
  StructPublicKey,
  sealBlockInContainer,
  sealStructInContainer,
} from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { AcraError, BufferSink } from '../foundation/index.ts'
import {
  detectVersion,
  type Keystore,
  keyId,
  keysFolderOptions,
  masterKeyOptions,
  openKeystore,
  openMasterKey,
  redisForKeys,
  redisKeysOptions,
  wipeKeys,
} from '../keystore/index.ts'
import { tlsToolOptions } from '../net/index.ts'
import { events, type Logger, toolAuditOptions } from '../observe/index.ts'
import { int, text } from '../options/index.ts'
import type { Program } from './program.ts'

/** What a record of random length holds at most, in bytes. */
const RANDOM_LENGTH_MAX = 99
const LENGTH_MAX = 16 * 1024 * 1024

const options = {
  data_length: int(-1, `Bytes that the record holds; -1 for 1 to ${RANDOM_LENGTH_MAX}`, {
    min: -1,
    max: LENGTH_MAX,
  }),
  type: text('acrastruct', 'Kind of the record: acrastruct or acrablock'),
  ...keysFolderOptions,
  ...masterKeyOptions,
  ...redisKeysOptions,
  ...tlsToolOptions,
  ...toolAuditOptions,
} as const

/** Makes poison records. spec: cli-tools §5 */
export const program: Program<typeof options> = {
  name: 'acra-poisonrecordmaker',
  kind: 'tool',
  description:
    'Makes a poison record: a value that looks like encrypted data and that nobody has a reason to read. Prints it in base64, to be put into a column; acra-server tells when it is read. Missing keys of poison records are made.',
  examples: [
    'acra-poisonrecordmaker --keys_dir=.acrakeys',
    'acra-poisonrecordmaker --type=acrablock --data_length=64',
  ],
  options,
  async run({ options, environment, log, print }) {
    const { type, data_length: length, keys_dir: folder } = options
    if (type !== 'acrastruct' && type !== 'acrablock') {
      const text = 'Incorrect type of record. Should be used "acrastruct" or "acrablock"'
      log.event(events.wrongParameter, {}, text)
      return 1
    }
    if (length === 0) {
      log.event(events.wrongParameter, {}, "Can't create poison record: it must hold a byte")
      return 1
    }
    const warn = (sentence: string) => log.warning(sentence)
    const redis = redisForKeys(options, environment, warn)
    const version = (await detectVersion(folder, redis)) ?? 'v1'
    const wrapper = await openMasterKey({ options, environment, version, warn, createsKeys: true })
    try {
      const keystore = await openKeystore({ folder, redis, wrapper, warn })
      const size = length === -1 ? 1 + randomInt(RANDOM_LENGTH_MAX) : length
      const record = await makeRecord(keystore, type, nodePrimitives.random(size), log)
      print(`${record.toString('base64')}\n`)
      return 0
    } finally {
      wrapper.wipe()
    }
  },
}

async function makeRecord(
  keystore: Keystore,
  type: 'acrastruct' | 'acrablock',
  plain: Uint8Array,
  log: Logger,
): Promise<Buffer> {
  const out = new BufferSink()
  const purpose = type === 'acrastruct' ? 'poison' : 'poison-symmetric'
  const ref = { purpose, owner: null } as const
  if (await keystore.generateMissing(ref)) log.audit(events.keyMade, { key_id: keyId(ref) })
  if (purpose === 'poison') {
    const [publicKey] = await keystore.publicKeys(ref)
    sealStructInContainer(new StructPublicKey(nodePrimitives, present(publicKey)), plain, out)
    return out.take()
  }
  const keys = await keystore.keys(ref)
  const key = new BlockKey(nodePrimitives, present(keys[0]).secret)
  wipeKeys(keys)
  sealBlockInContainer(key, plain, out)
  key.wipe()
  return out.take()
}

function present<T>(value: T | undefined): T {
  if (value !== undefined) return value
  throw new AcraError('keystore-key-missing', 'the key of poison records was removed meanwhile')
}
