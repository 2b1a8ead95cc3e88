import {
  addZone,
  detectVersion,
  keyId,
  keysOutputOptions,
  masterKeyOptions,
  openKeystore,
  openMasterKey,
  publicZone,
  redisForKeys,
  redisKeysOptions,
} from '../keystore/index.ts'
import { events, toolAuditOptions } from '../observe/index.ts'
import { choice, flag, ignored } from '../options/index.ts'
import type { Program } from './program.ts'

const options = {
  v: ignored('the log of a tool is short as it is', flag(false, 'Log more')),
  fs_keystore_enable: ignored('it is always so', flag(true, 'Use a keystore on files')),
  kms_key_policy: choice(
    ['create'],
    'create',
    'What to do where the key management service lacks a key for the zone',
  ),
  ...keysOutputOptions,
  ...masterKeyOptions,
  ...redisKeysOptions,
  ...toolAuditOptions,
} as const

/** Makes the keys of a new zone. spec: cli-tools §4 */
export const program: Program<typeof options> = {
  name: 'acra-addzone',
  kind: 'tool',
  description:
    'Makes a zone: an id, a key pair and a symmetric key. Prints the id and the public key as JSON, for whoever encrypts for the zone.',
  examples: ['acra-addzone --keys_output_dir=.acrakeys'],
  options,
  async run({ options, environment, log, print }) {
    const folder = options.keys_output_dir
    const warn = (sentence: string) => log.warning(sentence)
    const redis = redisForKeys(options, environment, warn)
    const version = (await detectVersion(folder, redis)) ?? 'v1'
    const wrapper = await openMasterKey({ options, environment, version, warn, createsKeys: true })
    try {
      const publicFolder = options.keys_public_output_dir
      const keystore = await openKeystore({ folder, publicFolder, redis, wrapper, warn })
      const id = await addZone(keystore)
      for (const purpose of ['zone', 'zone-symmetric'] as const)
        log.audit(events.keyMade, { key_id: keyId({ purpose, owner: id }) })
      print(`${JSON.stringify(await publicZone(keystore, id))}\n`)
      return 0
    } finally {
      wrapper.wipe()
    }
  },
}
