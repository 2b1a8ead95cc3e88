/** What names without a schema mean in a text, statement by statement. */
import type { Catalog, PathChange, PathUse, SearchPath, UnqualifiedTable } from '../analysis.ts'

/** The search paths that the statement in hand may be run under, and what the text does to them. */
export class PathInText {
  readonly #catalog: Catalog
  readonly #changes: PathChange[] = []
  /** The statement is the call of one function: what that sets is set. */
  isBareCall = false
  #paths: readonly SearchPath[]
  #reads = false
  #settingCount = 0

  /** `paths`: one of them is that of the session before the text. */
  constructor(catalog: Catalog, paths: readonly SearchPath[]) {
    this.#catalog = catalog
    this.#paths = paths
  }

  /** How many statements so far set the path, or may. */
  get settingCount(): number {
    return this.#settingCount
  }

  /** The text sets it, or may. */
  get isSet(): boolean {
    return this.#changes.some((change) => change !== UNKNOWN_CODE && change.kind !== 'end')
  }

  /** Undefined where the text has nothing to do with it. */
  get use(): PathUse | undefined {
    if (!this.#reads && this.#changes.length === 0) return undefined
    return { reads: this.#reads, changes: this.#changes }
  }

  meaning(schema: string | null, name: string): Pick<UnqualifiedTable, 'table' | 'doubt'> {
    if (schema !== null || this.#catalog.unqualified === undefined)
      return { table: this.#catalog.table(schema, name), doubt: [] }
    const meaning = this.#catalog.unqualified(name, this.#paths)
    if (meaning.readsPath) this.#reads = true
    return meaning
  }

  /** Code runs that is not known: it may set anything. */
  unknownCode(): void {
    if (this.#catalog.unqualified === undefined) return
    this.#changes.push(UNKNOWN_CODE)
    this.executed()
  }

  /** A statement runs that was prepared before: what it does to the path is remembered with it. */
  executed(): void {
    this.#paths = [...this.#paths, null]
  }

  change(change: PathChange): void {
    if (this.#catalog.unqualified === undefined) return
    this.#changes.push(change)
    this.#settingCount++
    if (change.kind !== 'set') this.#paths = UNKNOWN
    else this.#paths = change.isCertain ? [change.path] : [...this.#paths, change.path]
  }
}

const UNKNOWN: readonly SearchPath[] = [null]
const UNKNOWN_CODE: PathChange = { kind: 'set', path: null, isLocal: false, isCertain: false }
