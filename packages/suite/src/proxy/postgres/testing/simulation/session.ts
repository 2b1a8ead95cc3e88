import { readyForQuery } from '../../../../wire/postgres/testing/index.ts'
import { Failure } from './failure.ts'
import type { Meaning } from './statements.ts'
import { type Protected, type Row, Tables } from './tables.ts'

/** PostgreSQL tells names apart by so many bytes (NAMEDATALEN - 1). */
const NAME_SIZE = 63
/** The backend sends what it has when so much has gathered. */
const OUTPUT_SIZE = 8192

/** A bound statement of the extended protocol, or one of a query. */
export interface Portal {
  readonly meaning: Meaning
  readonly values: readonly (Buffer | null)[]
  readonly formats: readonly number[]
  /** Rows not sent yet; null before the first Execute. */
  left: Row[] | null
  isDone: boolean
}

export function portalOf(
  meaning: Meaning,
  values: readonly (Buffer | null)[] = [],
  formats: readonly number[] = [],
): Portal {
  return { meaning, values, formats, left: null, isDone: false }
}

/** A COPY that takes data from the client. */
export interface CopyIn {
  readonly isExtended: boolean
  count: number
}

/** What a simulated database keeps of one connection: its transaction, what names mean, and what it is about to send. */
export class Session {
  readonly tables: Tables
  status: 'I' | 'T' | 'E' = 'I'
  /** The last message was one of the extended protocol: a failure lasts until Sync. */
  isExtended = false
  copy: CopyIn | null = null
  unnamed: Meaning | null = null
  readonly statements = new Map<string, Meaning>()
  /** Names that SQL has ended. */
  readonly forgotten = new Set<string>()
  readonly portals = new Map<string, Portal>()
  /** Messages sent so far, without those that are still kept. */
  sentCount = 0
  #kept: Buffer[] = []
  #keptSize = 0
  #sent: Buffer[] = []

  constructor(protects: Protected) {
    this.tables = new Tables(protects)
  }

  statement(name: string): Meaning | null {
    return name === '' ? this.unnamed : (this.statements.get(nameOf(name)) ?? null)
  }

  /** In a failed transaction only its end is carried out. */
  refuseInFailed({ effect }: Meaning): void {
    if (this.status !== 'E' || effect.kind === 'commit' || effect.kind === 'rollback') return
    throw new Failure('25P02', 'current transaction is aborted')
  }

  /** Outside BEGIN and COMMIT every Sync and every Query ends a transaction. */
  endImplicit(): void {
    if (this.status === 'I') this.endTransaction()
  }

  endTransaction(): void {
    this.status = 'I'
    this.portals.clear()
    this.tables.cursor = null
  }

  answer(message: Buffer): void {
    this.#kept.push(message)
    this.#keptSize += message.length
    if (this.#keptSize > OUTPUT_SIZE) this.flush()
  }

  ready(): void {
    this.answer(readyForQuery(this.status))
    this.flush()
  }

  /** Sends what is kept. */
  flush(): void {
    this.#sent.push(...this.#kept)
    this.sentCount += this.#kept.length
    this.#kept = []
    this.#keptSize = 0
  }

  /** What was sent since the last call. */
  take(): Buffer {
    const sent = Buffer.concat(this.#sent)
    this.#sent = []
    return sent
  }
}

/** As much of a name as PostgreSQL looks at. */
export function nameOf(name: string): string {
  return name.slice(0, NAME_SIZE)
}
