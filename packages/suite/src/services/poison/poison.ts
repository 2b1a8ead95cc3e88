import type { Primitives } from '@acra-ts/crypto'
import type { Keystore } from '../../keystore/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { type PoisonAlarm, PoisonError, PoisonKeys } from '../../transform/index.ts'
import { Throttle } from '../throttle/index.ts'
import type { PoisonOptions } from './options.ts'

/** An answer full of poison records must not start a program for each of them. */
const SCRIPT_MS = 1000

/** What can be done about a poison record. */
export interface Reactions {
  /** Starts a program without waiting for it. False where it cannot be started. */
  startScript(path: string): boolean
  /** Ends the whole service at once, as after an error. */
  shutDown(): void
}

/**
 * The keys that poison records are told by; null where detection is off, or there are none and none are to be made. Missing ones are made
 * here, once, and nowhere else. spec: key-management §3.3
 *
 * @throws KeystoreError where they cannot be read or made
 */
export async function openPoisonKeys(
  options: PoisonOptions,
  p: Primitives,
  keystore: Keystore,
  log: Logger,
): Promise<PoisonKeys | null> {
  if (!options.poison_detect_enable) return null
  if (options.poison_keys_on_start_enable) await makeMissing(keystore, log)
  const keys = await PoisonKeys.read(p, keystore)
  if (!keys.isEmpty) {
    log.info('Turned on poison record detection', { code: events.poisonDetection.code })
    return keys
  }
  const text = 'Skip poison record check due to a lack of poison keys'
  log.event(events.cannotCheckPoison, {}, text)
  return null
}

async function makeMissing(keystore: Keystore, log: Logger): Promise<void> {
  for (const purpose of ['poison-symmetric', 'poison'] as const) {
    const ref = { purpose, owner: null }
    if (await keystore.generateMissing(ref))
      log.info(`Generated the ${purpose} key`, { code: events.poisonDetection.code })
  }
}

/** What a server does about poison records: a line of the log, a program, an end. */
export class PoisonReaction {
  readonly #options: PoisonOptions
  readonly #reactions: Reactions
  readonly #script: Throttle
  #hasStarted = true

  constructor(options: PoisonOptions, reactions: Reactions) {
    this.#options = options
    this.#reactions = reactions
    this.#script = new Throttle(SCRIPT_MS, () => {
      this.#hasStarted = reactions.startScript(options.poison_run_script_file)
    })
  }

  /** The alarm of one connection, whose log is `log`. */
  alarm(log: Logger): PoisonAlarm {
    return { found: (kind) => this.#react(log, kind) }
  }

  #react(log: Logger, kind: string): void {
    const { poison_run_script_file: script, poison_shutdown_enable } = this.#options
    log.event(events.poisonRecordFound, { envelope: kind })
    if (script !== '') this.#runScript(log)
    if (!poison_shutdown_enable) return
    log.warning('Detected poison record, exit', { code: events.poisonDetection.code })
    this.#reactions.shutDown()
    throw new PoisonError('poison-record-found', 'a poison record was found')
  }

  #runScript(log: Logger): void {
    this.#script.happened(performance.now())
    if (this.#hasStarted) return
    log.event(events.cannotReactToPoison, { file: this.#options.poison_run_script_file })
    throw new PoisonError('poison-record-found', 'the program for poison records cannot be started')
  }
}
