import { randomBytes } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { AcraError } from '../foundation/index.ts'
import {
  cacheOff,
  type Environment,
  KeystoreError,
  type keysFolderOptions,
  lockFile,
  type masterKeyOptions,
  type Purpose,
  type redisKeysOptions,
  wipeKeys,
} from '../keystore/index.ts'
import {
  type AuditTrail,
  CheckpointFile,
  Checkpoints,
  END_MESSAGE,
  linesBehind,
  NoteSigner,
} from '../observe/audit/index.ts'
import { type auditLogOptions, events, type Logger } from '../observe/index.ts'
import type { OptionValues } from '../options/index.ts'
import { openServiceKeystore } from '../services/keystore/index.ts'
import type { ServiceLog } from './log-setup.ts'

type AuditValues = OptionValues<
  typeof auditLogOptions &
    typeof keysFolderOptions &
    typeof masterKeyOptions &
    typeof redisKeysOptions
> & { readonly log_to_file: string }

export interface AuditSettings {
  readonly options: AuditValues
  readonly environment: Environment
  readonly serviceLog: ServiceLog
  readonly audit: AuditTrail
  /** The program. */
  readonly name: string
  readonly now: () => number
  /** How long to wait for another process that writes the same file. */
  readonly waitSeconds: number
}

/** The audit log of a program at work. */
export class Audit {
  readonly #settings: AuditSettings
  /** The file is ours as long as this is kept. */
  readonly #unlock: (() => Promise<void>) | null
  #timer: NodeJS.Timeout | undefined
  #hasEnded = false

  private constructor(settings: AuditSettings, unlock: (() => Promise<void>) | null) {
    this.#settings = settings
    this.#unlock = unlock
  }

  /**
   * Signs the log from now on. Throws where the keys cannot be read, the file of checkpoints cannot be gone on with, or another process
   * keeps an audit log in the same file.
   */
  static async begin(settings: AuditSettings): Promise<Audit> {
    const { options, audit, serviceLog } = settings
    const { log_to_file: path, audit_log_checkpoint_interval: seconds } = options
    const unlock = path !== '' && isPlace(path) ? await lock(path, settings.waitSeconds) : null
    const keys = await readKeys(settings)
    const own = new Audit(settings, unlock)
    try {
      audit.begin(keys.key, keys.seed === null ? null : own.#checkpoints(keys.seed))
    } finally {
      keys.key.fill(0)
      keys.seed?.fill(0)
    }
    if (seconds > 0) {
      own.#timer = setInterval(() => audit.checkpoint(), seconds * 1000).unref()
    }
    serviceLog.log.debug('Audit log begins')
    return own
  }

  /** Begins another chain, with the key that the keystore has now (SIGUSR1). Rejects where it cannot be read; the old chain goes on then. */
  async renew(): Promise<void> {
    const { key, seed } = await readKeys(this.#settings)
    seed?.fill(0)
    try {
      if (this.#hasEnded) return
      logEnd(this.#settings.serviceLog.start)
      this.#settings.audit.renew(key)
    } finally {
      key.fill(0)
    }
  }

  /** Ends the chain in order. What is logged behind is not signed. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearInterval(this.#timer)
    logEnd(this.#settings.serviceLog.start)
    this.#settings.audit.end()
    void this.#unlock?.()
  }

  #checkpoints(seed: Uint8Array): Checkpoints {
    const { options, serviceLog, name, now } = this.#settings
    const signer = new NoteSigner(seed)
    const { file, last } = CheckpointFile.open(options.audit_log_checkpoint_file, [signer.verifier])
    const checkpoints = new Checkpoints({
      file,
      signer,
      last,
      origin: `${name}/${randomBytes(8).toString('hex')}`,
      linesMax: options.audit_log_checkpoint_lines,
      now,
      sync: serviceLog.sync,
      onFailure: (error) => serviceLog.log.event(events.cannotMakeCheckpoint, { error }),
    })
    if (last !== null && options.log_to_file !== '') {
      const left = linesBehind(options.log_to_file, serviceLog.format, last.lastTag)
      for (const { line, tag } of left ?? []) checkpoints.line(line, tag)
      if (left === null) serviceLog.log.event(events.linesWithoutCheckpoint)
    }
    return checkpoints
  }
}

/** The first line is there so that the second one is never the first of its chain. At level info whatever the options say. */
function logEnd(log: Logger): void {
  log.info('Prepare to audit log chain finalization')
  log.info(END_MESSAGE, { chain: 'end' })
}

/** Whether other processes could write here too: nobody else has our terminal or pipe. */
function isPlace(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
}

async function lock(path: string, waitSeconds: number): Promise<() => Promise<void>> {
  try {
    return await lockFile(path, waitSeconds)
  } catch (error) {
    if (!(error instanceof KeystoreError) || error.code !== 'keystore-locked') throw error
    throw new AcraError(
      'audit-log-shared',
      `another process keeps its audit log in ${path}: a chain has one writer, so choose another log_to_file`,
    )
  }
}

interface AuditKeys {
  readonly key: Uint8Array
  /** Null where no checkpoints are asked for. */
  readonly seed: Uint8Array | null
}

async function readKeys({ options, environment, serviceLog }: AuditSettings): Promise<AuditKeys> {
  const { keystore, wipe } = await openServiceKeystore({
    options,
    environment,
    warn: (sentence) => serviceLog.log.warning(sentence),
    cacheSize: cacheOff,
    cacheOnStart: false,
  })
  const newest = async (purpose: Purpose, flag: string) => {
    const keys = await keystore.keys({ purpose, owner: null })
    const key = keys[0] && Buffer.from(keys[0].secret)
    wipeKeys(keys)
    if (key !== undefined) return key
    throw new AcraError(
      'audit-log-key-missing',
      `there is no ${purpose} key in the keystore: make it with acra-keymaker --${flag}`,
    )
  }
  try {
    const key = await newest('audit-log', 'generate_log_key')
    const hasCheckpoints = options.audit_log_checkpoint_file !== ''
    const seed = hasCheckpoints
      ? await newest('audit-log-signing', 'generate_log_signing_key')
      : null
    return { key, seed }
  } finally {
    wipe()
  }
}
