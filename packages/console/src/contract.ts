/** What acra-webconfig answers to its pages, in JSON. Times are milliseconds since 1970, sizes are bytes. */

/** Viewers look; operators change as well. */
export type Role = 'viewer' | 'operator'

export interface Session {
  readonly user: string
  readonly role: Role
}

/** The body of an answer that is no success. */
export interface Failure {
  readonly message: string
  /** What to do about it; absent where there is nothing to say. */
  readonly hint?: string
}

export type HealthState = 'ok' | 'degraded' | 'down' | 'off'

/** One thing that acra-server depends on. */
export interface Health {
  readonly name: string
  readonly state: HealthState
  readonly detail: string
}

export interface WorkerState {
  readonly number: number
  readonly pid: number
  readonly connections: number
  readonly state: 'ready' | 'starting' | 'silent'
}

/** Counts since acra-server started, of all its workers. */
export interface Totals {
  readonly connections: number
  readonly openConnections: number
  readonly statements: number
  readonly encrypted: number
  readonly decrypted: number
  readonly notDecrypted: number
  readonly tokenized: number
  readonly detokenized: number
  readonly refused: number
  readonly poisonRecords: number
}

/** How long acra-server has worked on what clients sent: how many times at most `seconds`. */
export interface LatencyBucket {
  readonly seconds: number
  readonly count: number
}

/** What acra-server says of itself. */
export interface ServerState {
  readonly product: string
  readonly version: string
  readonly startedAt: number
  readonly database: string
  readonly workers: readonly WorkerState[]
  readonly health: readonly Health[]
  readonly totals: Totals
  /** Cumulative, in the order of their bounds. */
  readonly latency: readonly LatencyBucket[]
}

/** Columns of equal length: one entry for each look at the server. Rates are per second. */
export interface Series {
  readonly at: readonly number[]
  readonly statements: readonly (number | null)[]
  readonly encrypted: readonly (number | null)[]
  readonly decrypted: readonly (number | null)[]
  readonly refused: readonly (number | null)[]
  readonly openConnections: readonly (number | null)[]
  /** Milliseconds that half of the requests, and 95 of 100, took at most. */
  readonly latencyHalfMs: readonly (number | null)[]
  readonly latencyMostMs: readonly (number | null)[]
}

/** One look at the server, as it stands in the columns of a `Series`. */
export type Point = { readonly [K in keyof Series]: Series[K][number] }

/** What a further look adds to an overview. */
export interface Look extends Omit<Overview, 'series'> {
  readonly point: Point
}

export interface Overview {
  /** Null where acra-server cannot be reached; `problem` says why then. */
  readonly server: ServerState | null
  readonly problem: Failure | null
  readonly series: Series
}

/** One column of a table, and what is done to its values. */
export interface ColumnProtection {
  readonly column: string
  /** Null where it is stored as the application sends it. */
  readonly protection: {
    /** Encrypted, searchable, masked, tokenized: as the encryptor config says it. */
    readonly how: readonly string[]
    readonly dataType: string | null
    readonly owner: string | null
    readonly onUnprotected: 'refuse' | 'pass'
  } | null
}

export interface TableProtection {
  readonly table: string
  /** From the encryptor config, or from the database. */
  readonly source: 'config' | 'database'
  /** False where the config does not list its columns and nobody has asked the database. */
  readonly isComplete: boolean
  readonly columns: readonly ColumnProtection[]
}

export interface ConfigVersion {
  readonly id: string
  readonly at: number
  readonly by: string | null
}

export interface Protection {
  /** Where the encryptor config stands on acra-server's machine. */
  readonly file: string
  readonly text: string
  /** Tells this text from others: what was edited must be what is there. */
  readonly id: string
  readonly tables: readonly TableProtection[]
  readonly warnings: readonly string[]
  /** The SQL that makes the database ready for it. */
  readonly definitions: string
  readonly versions: readonly ConfigVersion[]
}

/** What is wrong in a config, and where. Lines and columns count from 1; 0 where there is no place. */
export interface ConfigProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** What would become of a statement that ran lately. */
export interface StatementChange {
  readonly statement: string
  readonly before: string
  readonly after: string
  readonly reason: string | null
}

/** What a config would change. */
export interface ConfigCheck {
  readonly problems: readonly ConfigProblem[]
  /** Sentences, each about protection that would go. Not empty: it cannot be applied from here. */
  readonly weakenings: readonly string[]
  readonly statements: readonly StatementChange[]
  readonly definitions: string
  /** What to do on the machine itself where it cannot be applied from here; null where it can. */
  readonly byHand: string | null
}

export type Verdict = 'untouched' | 'rewritten' | 'refused' | 'passed'

/** A statement as it was sent, without its literals. */
export interface StatementShape {
  readonly text: string
  readonly verdict: Verdict
  readonly count: number
  readonly lastAt: number
  readonly reason: string | null
  readonly hint: string | null
}

/** What acra-server would do with a statement. */
export interface Explained {
  readonly verdict: string
  readonly lines: readonly string[]
}

export interface KeyState {
  readonly purpose: string
  readonly owner: string | null
  readonly versions: number
  /** Of the newest version; null where the keystore does not say. */
  readonly createdAt: number | null
  readonly canRotate: boolean
}

export interface Keys {
  readonly keystore: string
  readonly keys: readonly KeyState[]
  readonly warnings: readonly string[]
  /** Why keys cannot be rotated from here; null where they can. */
  readonly rotationOff: string | null
}

export interface Zones {
  readonly isOn: boolean
  readonly zones: readonly { readonly id: string; readonly createdAt: number | null }[]
}

/** A zone that was made: its public key is for AcraWriter. */
export interface NewZone {
  readonly id: string
  readonly public_key: string
}

export interface Tokens {
  /** Null where nothing is tokenized. */
  readonly store: string | null
  readonly columns: readonly string[]
  readonly tokenized: number
  readonly detokenized: number
  readonly failed: number
}

export interface PoisonRecords {
  readonly isOn: boolean
  readonly found: number
  readonly script: string
  readonly stopsServer: boolean
}

export interface LogLine {
  readonly at: number
  readonly level: string
  readonly message: string
  readonly code: number | null
  readonly fields: Readonly<Record<string, string>>
}

export interface AuditLog {
  /** Whether the lines form a chain that acra-log-verifier can check. */
  readonly isChained: boolean
  readonly lines: readonly LogLine[]
}

/** One of the settings of Acra's console, and whether a change of it would take effect. */
export interface Setting {
  readonly name: string
  readonly title: string
  readonly kind: 'text' | 'number' | 'flag'
  readonly value: string | number | boolean
  /** Where the value comes from: a value of the command line wins over the file. */
  readonly source: 'default' | 'file' | 'command line'
}

export interface Settings {
  readonly file: string
  readonly settings: readonly Setting[]
  readonly censor: string | null
}

/** What became of a changed setting. */
export interface SettingOutcome {
  readonly name: string
  readonly outcome: 'applied' | 'overridden' | 'restart'
}
