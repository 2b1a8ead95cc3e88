import type { PathChange, SearchPath } from '../../sql/index.ts'
import { readSearchPath } from '../../sql/postgres/index.ts'
import type { ParameterStatus, TransactionStatus } from '../../wire/postgres/index.ts'

/** The search paths of which one is that of the session, for the client's next statement. */
export interface PossiblePaths {
  readonly paths: readonly SearchPath[]
  /** Of the same paths it is the same. */
  readonly key: string
}

export const unknownPath: PossiblePaths = { paths: [null], key: '' }

/** What the start-up packet says of the names of a session. */
export interface SessionNames {
  /** What `"$user"` stands for. */
  readonly user: string
  /** The path that the client asks for; null where it leaves that to the database. */
  readonly path: string | null
}

/** The last of several settings of a name counts; those of their own go before those among the options, as for the server. */
export function sessionNames(parameters: ReadonlyMap<string, string>): SessionNames {
  const user = parameters.get('user') ?? ''
  let path: string | null = null
  for (const [, name = '', value = ''] of (parameters.get('options') ?? '').matchAll(OPTION)) {
    const isPath = name.replaceAll('-', '_').toLowerCase() === 'search_path'
    if (isPath) path = value.replace(/\\(.)/gs, '$1')
  }
  for (const [name, value] of parameters) if (name.toLowerCase() === 'search_path') path = value
  return { user, path }
}

/** `-c name=value` and `--name=value`, between spaces; a backslash takes the next character as it is. */
const OPTION = /(?:^|\s)(?:-c\s*|--)([\w-]+)=((?:\\.|[^\s\\])*)/gs

/**
 * What is known of a session's search path. PostgreSQL 18 reports it whenever the client may send its next statement; of an older one it is
 * followed through the statements that set it, by what the database answers. The client runs ahead of both: so there may be several at a time.
 */
export class SearchPaths implements PossiblePaths {
  readonly #user: string
  #paths: readonly SearchPath[]
  #key: string | null = null
  /** What RESET goes back to, and what there was before the transaction. */
  #initial: SearchPath
  #start: readonly SearchPath[]
  #reported: string | null = null
  /** What was reported last, read: mostly it is the same again. */
  #known: { readonly text: string; readonly paths: readonly SearchPath[] } | null = null
  /** What `#paths` was made of. */
  #given: readonly SearchPath[]
  #hasReadied = false
  /** What has been sent since then. */
  #changes: Extract<PathChange, { kind: 'set' }>[] = []
  /** An error or the end of a transaction came between: not all of it need hold. */
  #isUndone = false
  #hasEnded = false
  /** `"$user"` is somebody else, it is not known who. */
  #isOtherRole = false

  constructor({ user, path }: SessionNames) {
    this.#user = user
    this.#initial = path === null ? null : this.#expanded(readSearchPath(path))
    this.#start = [this.#initial]
    this.#paths = this.#start
    this.#given = this.#start
  }

  get paths(): readonly SearchPath[] {
    return this.#paths
  }

  get key(): string {
    this.#key ??= `${JSON.stringify(this.#paths)} `
    return this.#key
  }

  /** True while it matters how statements and transactions end. */
  get isOpen(): boolean {
    return this.#changes.length > 0
  }

  learn({ name, value }: ParameterStatus): void {
    if (name === 'search_path') this.#reported = value
  }

  /** A statement goes to the database that does this. */
  sent(changes: readonly PathChange[]): void {
    for (const change of changes) this.#sentOne(change)
  }

  #sentOne(change: PathChange): void {
    switch (change.kind) {
      case 'set':
        this.#change({ ...change, path: this.#expanded(change.path) })
        break
      case 'reset':
        this.#change({ kind: 'set', path: this.#initial, isLocal: false, isCertain: true })
        break
      case 'role':
        this.#isOtherRole = true
        this.#known = null
        this.#initial = null
        this.#change({ kind: 'set', path: null, isLocal: false, isCertain: false })
        break
      case 'end':
        if (this.#changes.length > 0) this.#set(this.#all())
        break
    }
  }

  #change(change: Extract<PathChange, { kind: 'set' }>): void {
    this.#changes.push(change)
    this.#set([...this.#paths, change.path])
  }

  /** The database has failed at something. */
  failed(): void {
    this.#isUndone = true
  }

  /** A statement has ended; the tag says which. */
  completed(tag: string): void {
    if (tag === 'ROLLBACK' || tag === 'PREPARE TRANSACTION') this.#isUndone = true
    if (tag === 'COMMIT') this.#hasEnded = true
  }

  /** The database is ready, and has answered all that it was sent. */
  settled(status: TransactionStatus): void {
    if (this.#reported !== null) this.#learned(this.#reported, status)
    else if (status === 'I') {
      this.#start = this.#after()
      this.#set(this.#start)
    } else if (this.#changes.length > 0) {
      const last = this.#changes.at(-1)
      const holds = status === 'T' && !this.#isUndone && !this.#hasEnded && last?.isCertain === true
      this.#set(holds ? [last.path] : this.#all())
    }
    if (status !== 'I') return
    if (this.#changes.length > 0) this.#changes = []
    this.#isUndone = false
    this.#hasEnded = false
  }

  #learned(text: string, status: TransactionStatus): void {
    if (this.#known?.text !== text) {
      this.#known = { text, paths: [this.#expanded(readSearchPath(text))] }
    }
    const { paths } = this.#known
    if (!this.#hasReadied && !this.#isOtherRole) this.#initial = paths[0]
    this.#hasReadied = true
    if (status === 'I') this.#start = paths
    this.#set(paths)
  }

  /** What holds after the transaction. */
  #after(): readonly SearchPath[] {
    const last = this.#changes.findLast(({ isLocal }) => !isLocal)
    if (last === undefined) return this.#start
    return last.isCertain && !this.#isUndone ? [last.path] : this.#all()
  }

  #all(): readonly SearchPath[] {
    return [...this.#start, ...this.#changes.map(({ path }) => path)]
  }

  #set(paths: readonly SearchPath[]): void {
    if (paths === this.#given) return
    this.#given = paths
    const distinct = new Map(paths.map((path) => [JSON.stringify(path), path]))
    this.#paths = [...distinct.values()]
    this.#key = null
  }

  #expanded(path: SearchPath): SearchPath {
    if (path === null || !path.includes('$user')) return path
    return this.#isOtherRole ? null : path.map((name) => (name === '$user' ? this.#user : name))
  }
}
