import {
  type Finding,
  findingText,
  inspections,
  KeystoreError,
  keyId,
  openMasterKey,
  redisForKeys,
  storeFor,
} from '../../keystore/index.ts'
import { flag, int } from '../../options/index.ts'
import type { Program, ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { storeOptions } from './store.ts'

const options = {
  ...storeOptions,
  max_age: int(0, 'Days after which a key should be rotated; 0 for any age', { min: 0 }),
  json: flag(false, 'Print JSON in the place of text'),
} as const

type Context = ProgramContext<typeof options>

const DAY_MS = 24 * 60 * 60 * 1000

/** Ours. */
export const check: Program<typeof options> = {
  name: 'acra-keys check',
  kind: 'tool',
  description:
    'Looks at every key of a keystore and says what is wrong: files that others may read, keys that do not open and why that is (renamed, overwritten, of another client id, under another master key), pairs that lack a half, keys that are too old, and files that are no keys. Changes nothing. Exit code 0 means that all is well, 1 that something is not.',
  examples: ['acra-keys check', 'acra-keys check --max_age=365 --json'],
  options,
  async run(context) {
    const { options, log, print } = context
    const { findings, sound } = await inspect(context)
    if (options.json)
      print(`${JSON.stringify({ Sound: sound, Findings: findings.map(entryOf) })}\n`)
    else for (const finding of findings) print(`${findingText(finding)}\n`)
    if (findings.length === 0) log.info(`All is well: ${sound} files with keys open`)
    else log.warning(`${findings.length} things are wrong; ${sound} files with keys are sound`)
    return findings.length === 0 ? 0 : 1
  },
}

async function inspect({ options, environment, log, progress }: Context) {
  const warn = (sentence: string) => log.warning(sentence)
  const store = await openStore(options, environment, warn)
  if (!('storage' in store)) return { findings: [store], sound: 0 }
  const { storage, version } = store
  const wrapper = await openMasterKey({ options, environment, version, warn })
  const bar = progress('checking', (await storage.list('', 'private')).length)
  try {
    const ageMax = options.max_age === 0 ? null : options.max_age * DAY_MS
    const advance = () => bar.advance()
    return await inspections[version]({ storage, wrapper, ageMax, now: Date.now(), advance })
  } finally {
    bar.end()
    wrapper.wipe()
  }
}

/** The store; or what is wrong with its folder, in which nothing can be looked at then. */
async function openStore(
  options: Context['options'],
  environment: Context['environment'],
  warn: (sentence: string) => void,
) {
  const { keys_dir: folder, keys_dir_public: publicFolder } = options
  const redis = redisForKeys(options, environment, warn)
  try {
    const store = await storeFor({ folder, publicFolder, redis })
    if (store === null) throw new Refusal(`There is no keystore in ${folder}`)
    return store
  } catch (error) {
    if (!(error instanceof KeystoreError) || error.code !== 'keystore-folder-permissions')
      throw error
    const finding: Finding = {
      kind: 'permissions',
      ref: null,
      place: folder,
      message: error.message,
      remedy: 'do what the message says',
    }
    return finding
  }
}

function entryOf({ kind, ref, place, message, remedy }: Finding) {
  const id = ref === null ? {} : { KeyID: keyId(ref) }
  return { Kind: kind, ...id, Place: place, Message: message, Remedy: remedy }
}
