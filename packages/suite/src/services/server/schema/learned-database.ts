import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ConversationSettings,
  type LearnedSchema,
  Planner,
  type PlannerSettings,
} from '../../../proxy/postgres/index.ts'
import type { Parser } from '../../../sql/postgres/index.ts'
import type { LearnedConfig } from '../introspection/index.ts'
import { analysisBy, cautiousAnalysisBy, refusingAnalysis } from './known-relations.ts'

/** The time between two looks at a database that no change was seen in, in milliseconds. */
const LOOK_MS = 1000
/** The time before a look for a name that was never looked for: ten times what a look takes, within these bounds. */
const SEARCH_MS = 100
const SEARCH_SHARE = 10
/** Names that are known not to be there, at most. */
const ABSENT_MAX = 10_000
/** Plans for statements inside of transactions that change the schema: they are few. */
const CAUTIOUS_CACHE = { cacheCount: 256, cacheSize: 4 * 1024 * 1024 }

/** What is the same for all databases. */
export interface LearningParts {
  readonly parser: Parser
  /** Those of a planner that knows the configuration alone. */
  readonly planner: PlannerSettings
  readonly conversation: Omit<ConversationSettings, 'planner' | 'schema'>
  readonly now: () => number
  /** A statement that gives values to relations is not decided by an older look, in milliseconds; null where it is. */
  readonly ageMaxMs: number | null
}

/** What one database is learned by, and who hears of it. */
export interface Teacher {
  /** Asks the database: for all, where `isWhole`. What is learned first has to agree with the encryptor config. */
  learn(isFirst: boolean, isWhole: boolean): Promise<LearnedConfig>
  /** True where the database tells of changes by itself. */
  isTold(): boolean
  /** The schema is known, for the first time or in another state. */
  learned(config: LearnedConfig): void
  /** It cannot be learned. The server goes on with what it knew, or refuses the statements that it may be about. */
  failed(error: Error, refuses: boolean): void
  /** A connection has changed these relations, or any: resolves when the whole service has learned it, or refuses. Does not reject. */
  changed(names: ChangedNames): Promise<void>
}

/** The names, without schemas, of relations that have changed; null where it may be any. */
export type ChangedNames = readonly string[] | null

/** What is known of one database, and the plans that are made with it. Learning is done by one at a time, for all who wait for it. */
export class LearnedDatabase implements LearnedSchema {
  /** Of connections to this database. */
  readonly conversation: ConversationSettings
  readonly cautious: Planner
  readonly #planner: Planner
  readonly #parts: LearningParts
  readonly #teacher: Teacher
  #learned: LearnedConfig | null = null
  /** Why statements are refused that name what is out of date; null where none are. */
  #failure: Error | null = null
  /** What is known of these is known to be out of date: null stands for all. */
  readonly #outdated = new Set<string | null>()
  /** The next look is one at everything. */
  #wantsWhole = false
  /** Others have changed something, which is not looked at yet. */
  #isBehind = false
  #running: Promise<void> | null = null
  #waiting: Promise<void> | null = null
  #searching: Promise<void> | null = null
  #beganMs = Number.NEGATIVE_INFINITY
  #tookMs = 0
  /** Names that statements have and the database had not. */
  readonly #absent = new Set<string>()
  #suspicion: NodeJS.Timeout | null = null

  constructor(parts: LearningParts, teacher: Teacher) {
    this.#parts = parts
    this.#teacher = teacher
    const settings = { ...parts.planner, analyze: refusingAnalysis(), followsPath: false }
    this.#planner = new Planner(settings)
    this.cautious = new Planner({ ...settings, ...CAUTIOUS_CACHE, onCacheTurn: () => {} })
    this.conversation = { ...parts.conversation, planner: this.#planner, schema: this }
  }

  /** True once it was learned. */
  get isKnown(): boolean {
    return this.#learned !== null
  }

  get ctype(): string | null {
    return this.#learned?.ctype ?? null
  }

  /** Resolves when statements can be planned. Rejects with what is in the way, which is looked at once in a while. */
  async ready(): Promise<void> {
    if (this.isKnown && this.#failure === null) return
    await (this.ask([]) ?? Promise.resolve())
    if (this.#failure !== null && !this.#knowsSome) throw this.#failure
  }

  /** True where statements are decided, if not all of them. */
  get #knowsSome(): boolean {
    return this.isKnown && !this.#outdated.has(null)
  }

  changed(names: ChangedNames): Promise<void> {
    return this.#teacher.changed(names)
  }

  freshen(): Promise<void> | null {
    if (!this.#isBehind && this.#teacher.isTold()) return null
    const { ageMaxMs, now } = this.#parts
    if (ageMaxMs === null && !this.#isBehind) return null
    if (this.#running !== null) return this.#running
    return now() - this.#beganMs < (ageMaxMs ?? 0) ? null : this.look()
  }

  /** The database says that somebody has changed something. */
  told(): void {
    this.#isBehind = true
    void this.look()
  }

  suspect(): void {
    const waitMs = Math.max(0, this.#beganMs + LOOK_MS - this.#parts.now())
    this.#suspicion ??= setTimeout(() => {
      this.#suspicion = null
      void this.look()
    }, waitMs).unref()
  }

  ask(names: readonly string[]): Promise<void> | null {
    if (names.some((name) => !this.#absent.has(name))) return this.#search(names)
    if (this.#running !== null) return this.#running
    return this.#parts.now() - this.#beganMs < LOOK_MS ? null : this.look()
  }

  /** What was never looked for is not decided by an older look. */
  #search(names: readonly string[]): Promise<void> {
    if (this.#absent.size > ABSENT_MAX) this.#absent.clear()
    for (const name of names) this.#absent.add(name)
    if (this.#searching !== null) return this.#searching
    const spacingMs = Math.min(LOOK_MS, Math.max(SEARCH_MS, SEARCH_SHARE * this.#tookMs))
    const waitMs = this.#beganMs + spacingMs - this.#parts.now()
    if (waitMs <= 0) return this.look()
    const searching = sleep(waitMs).then(() => {
      this.#searching = null
      return this.look()
    })
    this.#searching = searching
    return searching
  }

  /** These have changed: learns them as they are now. Where that fails, statements that they may be about are refused until they are learned. */
  relearn(names: ChangedNames): Promise<void> {
    for (const name of names ?? [null]) this.#outdated.add(name)
    return this.look()
  }

  /** Learns everything as it is now, whatever is known. */
  lookAtAll(): Promise<void> {
    this.#wantsWhole = true
    return this.look()
  }

  /** Learns it as it is now, behind what is being learned already. Where that fails, what was known goes on. */
  look(): Promise<void> {
    if (this.#running === null) return this.#begin()
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = null
      return this.#begin()
    })
    return this.#waiting
  }

  /** Learns nothing more of its own accord. */
  close(): void {
    if (this.#suspicion !== null) clearTimeout(this.#suspicion)
  }

  #begin(): Promise<void> {
    this.#beganMs = this.#parts.now()
    const outdated = [...this.#outdated]
    const isWhole = this.#wantsWhole
    this.#outdated.clear()
    this.#wantsWhole = false
    this.#isBehind = false
    const running = this.#teacher
      .learn(!this.isKnown, isWhole)
      .then(
        (learned) => this.#take(learned),
        (error: Error) => this.#miss(error, outdated),
      )
      .finally(() => {
        this.#tookMs = this.#parts.now() - this.#beganMs
        if (this.#running === running) this.#running = null
      })
    this.#running = running
    return running
  }

  #take(learned: LearnedConfig): void {
    if (!learned.isSettled) this.suspect()
    if (this.#failure === null && learned.fingerprint === this.#learned?.fingerprint) return
    const { config } = learned
    this.#absent.clear()
    const { parser, planner } = this.#parts
    planner.columns.add(config.columns)
    const { followsPath } = config
    this.#planner.renew({ analyze: analysisBy(config, parser), followsPath })
    this.cautious.renew({ analyze: cautiousAnalysisBy(config, parser), followsPath })
    this.#learned = learned
    this.#failure = null
    this.#teacher.learned(learned)
  }

  #miss(error: Error, outdated: readonly (string | null)[]): void {
    for (const name of outdated) this.#outdated.add(name)
    const refuses = !this.isKnown || this.#outdated.size > 0
    this.#teacher.failed(error, refuses)
    if (!refuses) return
    this.#failure = error
    this.#doubt()
  }

  /** Plans by what is known, but for what may be out of date. */
  #doubt(): void {
    const names = [...this.#outdated].filter((name) => name !== null)
    if (this.#learned === null || names.length < this.#outdated.size) {
      const change = { analyze: refusingAnalysis(), followsPath: false }
      this.#planner.renew(change)
      this.cautious.renew(change)
      return
    }
    const { config, relatives } = this.#learned
    const { parser } = this.#parts
    const { followsPath } = config
    const doubtful = relatives(names)
    this.#planner.renew({ analyze: analysisBy(config, parser, doubtful), followsPath })
    this.cautious.renew({ analyze: cautiousAnalysisBy(config, parser, doubtful), followsPath })
  }
}
