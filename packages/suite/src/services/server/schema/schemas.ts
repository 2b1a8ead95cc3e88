import type { Environment } from '../../../keystore/index.ts'
import { events, type Logger } from '../../../observe/index.ts'
import { ConnectionRefused, type DatabaseDialSettings } from '../../../proxy/postgres/index.ts'
import { type EncryptorConfig, EncryptorConfigError } from '../../../transform/index.ts'
import { Turns } from '../../turns/index.ts'
import { CHANGED, type LearnedConfig, SchemaLearner } from '../introspection/index.ts'
import type { ServerMetrics } from '../metrics.ts'
import type { ServerOptions } from '../options.ts'
import type { Account } from './account.ts'
import { AccountLine } from './account-line.ts'
import { accountOf } from './asking.ts'
import { ChangeLog } from './change-log.ts'
import { type ChangedNames, LearnedDatabase, type LearningParts } from './learned-database.ts'
import { databasesAtStart } from './options-check.ts'
import { connectionRefusal, isPassing } from './refusal.ts'

/** Databases that are known at once, at most. */
const DATABASES_MAX = 256
/** Databases that are asked at once, at most: each is a connection. */
const ASKED_MAX = 4

/** What schemas are learned with, besides what each is planned by. */
export interface SchemasContext {
  readonly options: ServerOptions
  readonly environment: Environment
  readonly dial: DatabaseDialSettings
  readonly config: EncryptorConfig
  readonly log: Logger
  readonly metrics: Pick<ServerMetrics, 'schemaLearned' | 'schemaRefuses'>
  /** A connection to the database of that name has changed these relations, or any: resolves when the whole service has learned it. */
  readonly changed: (database: string, names: ChangedNames) => Promise<void>
}

/**
 * Learns the databases that the options name, and makes ready for others. Throws where one of them contradicts the encryptor config, or does
 * not let the account in; one that cannot be reached, or has no room, is tried again at its first connection.
 */
export async function openSchemas(
  context: SchemasContext,
  parts: Omit<LearningParts, 'now' | 'ageMaxMs'>,
): Promise<Schemas> {
  const { options, environment, dial } = context
  const account = accountOf(options, environment, dial)
  const { schema_introspection_max_age: seconds } = options
  const ageMaxMs = seconds === 0 ? null : seconds * 1000
  const schemas = new Schemas(context, account, {
    ...parts,
    ageMaxMs,
    now: () => performance.now(),
  })
  try {
    for (const name of databasesAtStart(options)) await schemas.learnAtStart(name)
  } catch (error) {
    schemas.close()
    throw error
  }
  return schemas
}

/** A database that connections are to. */
interface Entry {
  readonly database: LearnedDatabase
  readonly learner: SchemaLearner
  readonly line: AccountLine
  readonly changes: ChangeLog
  /** The last look has failed. */
  isFailing: boolean
  /** Connections that plan by it. */
  users: number
  /** It was counted as one whose statements are refused. */
  refuses: boolean
}

/** The databases whose schemas are known, by name. */
export class Schemas {
  readonly #context: SchemasContext
  readonly #account: Account
  readonly #parts: LearningParts
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>()
  readonly #turns = new Turns(ASKED_MAX)
  readonly #timer: NodeJS.Timeout | null

  constructor(context: SchemasContext, account: Account, parts: LearningParts) {
    this.#context = context
    this.#account = account
    this.#parts = parts
    const { schema_introspection_interval: seconds } = context.options
    this.#timer = seconds === 0 ? null : setInterval(() => this.look(), seconds * 1000).unref()
  }

  /** What a connection to the database of that name plans by, once it is known. Throws ConnectionRefused where it cannot be. */
  async enter(name: string): Promise<LearnedDatabase> {
    const entry = this.#entryOf(name)
    entry.users++
    try {
      await entry.database.ready()
      return entry.database
    } catch (error) {
      entry.users--
      throw connectionRefusal(error, name)
    }
  }

  /** A connection has ended that had entered. */
  leave(name: string): void {
    const entry = this.#entries.get(name)
    if (entry !== undefined) entry.users--
  }

  /** Throws what is in the way, unless it may pass by itself. */
  async learnAtStart(name: string): Promise<void> {
    try {
      await this.#entryOf(name).database.ready()
    } catch (error) {
      if (!isPassing(error)) throw error
    }
  }

  /** These relations have changed, or any: resolves when they are learned, or statements are refused. */
  async relearn(name: string, names: ChangedNames): Promise<void> {
    await this.#entries.get(name)?.database.relearn(names)
  }

  /** Looks whether schemas are still what they were. */
  look(): void {
    for (const { database } of this.#entries.values())
      if (database.isKnown) void database.lookAtAll()
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const entry of this.#entries.values()) close(entry)
  }

  #entryOf(name: string): Entry {
    const known = this.#entries.get(name)
    const entry = known ?? this.#newEntry(name)
    if (known !== undefined) this.#entries.delete(name)
    this.#entries.set(name, entry)
    return entry
  }

  #newEntry(name: string): Entry {
    if (this.#entries.size >= DATABASES_MAX) this.#makeRoom()
    const { config, log } = this.#context
    const database = new LearnedDatabase(this.#parts, {
      learn: (isFirst, isWhole) => this.#turns.run(() => this.#learn(entry, isFirst, isWhole)),
      isTold: () => entry.learner.isTold && entry.line.isListening,
      learned: (learned) => this.#learned(name, entry, learned),
      failed: (error, refuses) => this.#failed(name, entry, error, refuses),
      changed: (names) => this.#context.changed(name, names),
    })
    const entry: Entry = {
      database,
      learner: new SchemaLearner(config, this.#parts.parser),
      line: new AccountLine(this.#account, name, CHANGED, () => database.told()),
      changes: new ChangeLog((changes) =>
        log.event(events.schemaLearned, { database: name, changes }),
      ),
      isFailing: false,
      users: 0,
      refuses: false,
    }
    return entry
  }

  /** One that nobody uses goes: a name that leads nowhere before others. */
  #makeRoom(): void {
    const unused = [...this.#entries].filter(([, { users }]) => users === 0)
    const [victim] = unused.find(([, { database }]) => !database.isKnown) ?? unused[0] ?? []
    if (victim === undefined) throw new ConnectionRefused('too-many-databases', tooManyDatabases)
    const entry = this.#entries.get(victim)
    if (entry !== undefined) close(entry)
    this.#entries.delete(victim)
  }

  async #learn(entry: Entry, isFirst: boolean, isWhole: boolean): Promise<LearnedConfig> {
    const { options } = this.#context
    const { learner, line } = entry
    const learned = await line.use(
      (queries) => learner.learn(queries, isWhole),
      () => learner.isTold,
    )
    if (isFirst && learned.contradictions.length > 0)
      throw new EncryptorConfigError(options.encryptor_config_file, learned.contradictions, 0)
    if (entry.isFailing) entry.changes.count()
    entry.isFailing = false
    return learned
  }

  #learned(name: string, entry: Entry, { contradictions, warnings }: LearnedConfig): void {
    const { log, metrics, options } = this.#context
    metrics.schemaLearned(true)
    this.#count(entry, false)
    entry.changes.count()
    for (const warning of entry.changes.news('warnings', warnings))
      log.warning(warning, { database: name })
    const told = entry.changes.news(
      'contradictions',
      contradictions.map(({ text }) => text),
    )
    if (told.length === 0) return
    const error = new EncryptorConfigError(options.encryptor_config_file, contradictions, 0)
    log.event(events.schemaContradicts, { database: name, error })
  }

  /** Told once: the next try that fails says nothing new. */
  #failed(name: string, entry: Entry, error: Error, refuses: boolean): void {
    const { log, metrics } = this.#context
    metrics.schemaLearned(false)
    const isNews = !entry.isFailing || (refuses && !entry.refuses && entry.database.isKnown)
    entry.isFailing = true
    this.#count(entry, refuses && entry.database.isKnown)
    if (!isNews) return
    const event =
      error instanceof EncryptorConfigError ? events.schemaContradicts : events.schemaNotLearned
    log.event(event, { database: name, refuses, error })
  }

  #count(entry: Entry, refuses: boolean): void {
    if (entry.refuses === refuses) return
    entry.refuses = refuses
    this.#context.metrics.schemaRefuses(refuses ? 1 : -1)
  }
}

function close({ database, line, changes }: Entry): void {
  database.close()
  line.close()
  changes.close()
}

const tooManyDatabases = {
  severity: 'FATAL',
  sqlState: '53300',
  message: 'connections are to too many databases',
  hint: `acra-server learns the schemas of ${DATABASES_MAX} databases at once, at most.`,
} as const
