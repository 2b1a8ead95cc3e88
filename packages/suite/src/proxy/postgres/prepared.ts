import type { PathChange } from '../../sql/index.ts'
import type { Plan } from '../plan.ts'
import type { Answer } from './answer.ts'

/** A statement of the extended protocol as the client knows it. */
export interface Statement {
  plan: Plan
  /** The types that the client has declared for its parameters, 0 or absent where it has not. */
  readonly parameterTypes: readonly number[]
  /** Another statement has been prepared under the name, and it is not known which of them the database has. */
  readonly isAmbiguous?: boolean
  /** The search paths that it was planned under. */
  readonly pathKey: string
  /** Of the planner when it was planned: under another one it may not be what it was. */
  edition: object
  /** To plan it again, a byte in each character; null where it is not kept. */
  readonly text: string | null
  readonly sequence: number
}

export interface Portal {
  readonly answer: Answer
  /** What its statement does to the search path. */
  readonly pathChanges: readonly PathChange[]
  readonly sequence: number
}

/** Names that one connection may have in use at once; the database's own memory ends long before. */
const NAMES_MAX = 100_000
/** PostgreSQL tells names apart by so many bytes (NAMEDATALEN - 1): longer ones that begin alike are the same to it. */
const NAME_SIZE = 63

/** What a message of the client does to a name, until the database has carried it out or has skipped it. */
export interface Change {
  confirm(): void
  /** The database has skipped the message. */
  undo(): void
  /** The message is what the database has failed at. */
  fail(): void
}

/** What a name means to the database as far as it has answered, and what it will mean: in the order of the client's messages. */
interface Meanings<T> {
  confirmed: T | null
  readonly pending: Pending<T>[]
}

interface Pending<T> {
  /** Null where the name is given up. */
  readonly thing: T | null
  readonly sequence: number
}

/**
 * Named things of one connection. The client runs ahead of the database: a name means what the client's last message about it says,
 * provided that the database carries that out; until it has answered, what the name meant before is kept beside it.
 */
export class Names<T extends { readonly sequence: number }> {
  readonly #byName = new Map<string, Meanings<T>>()

  get(name: string): T | null {
    const meanings = this.#byName.get(known(name))
    if (meanings === undefined) return null
    const last = meanings.pending.at(-1)
    return last === undefined ? meanings.confirmed : last.thing
  }

  /** True also where the name is given up, but the database has not answered that yet. */
  has(name: string): boolean {
    return this.#byName.has(known(name))
  }

  get isFull(): boolean {
    return this.#byName.size >= NAMES_MAX
  }

  /**
   * True where the database may mean something else by the name: a change of it is not answered yet, and behind that the client has sent
   * the Sync of number `sync`, with which the database goes on even where it has skipped the change.
   */
  isUncertain(name: string, sync: number): boolean {
    const last = this.#byName.get(known(name))?.pending.at(-1)
    return last !== undefined && last.sequence < sync
  }

  /** Gives the name to `thing`, or gives it up where that is null. */
  change(fullName: string, thing: T | null, sequence: number): Change {
    const name = known(fullName)
    let meanings = this.#byName.get(name)
    if (meanings === undefined) {
      meanings = { confirmed: null, pending: [] }
      this.#byName.set(name, meanings)
    }
    const change = new NameChange(this, name, meanings, thing, sequence)
    meanings.pending.push(change)
    return change
  }

  /** For changes: `change` is answered, and leaves the name with this meaning. */
  settle(name: string, meanings: Meanings<T>, change: Pending<T>, confirmed: T | null): void {
    const at = meanings.pending.indexOf(change)
    if (at !== -1) meanings.pending.splice(at, 1)
    meanings.confirmed = confirmed
    this.#forgetUnused(name, meanings)
  }

  /** A message that will fail names it: what it means is uncertain until the database has answered that. */
  doubt(name: string, sequence: number): Change {
    return this.change(name, this.get(name), sequence)
  }

  /** Gives up what has no name, where there is that. */
  endUnnamed(sequence: number): Change | null {
    return this.has('') ? this.change('', null, sequence) : null
  }

  /** Forgets what the client made before `sequence`, and the database had; what has no name only where `withUnnamed` says so. */
  removeBefore(sequence: number, withUnnamed: boolean): void {
    for (const [name, meanings] of this.#byName) {
      if (name === '' && !withUnnamed) continue
      if (meanings.confirmed === null || meanings.confirmed.sequence >= sequence) continue
      meanings.confirmed = null
      this.#forgetUnused(name, meanings)
    }
  }

  /** The database has given up a name for the client's message of that number: what was made before that is no more. */
  giveUp(fullName: string, sequence: number): void {
    const name = known(fullName)
    const meanings = this.#byName.get(name)
    if (meanings === undefined) return
    if (meanings.confirmed === null || meanings.confirmed.sequence >= sequence) return
    meanings.confirmed = null
    this.#forgetUnused(name, meanings)
  }

  #forgetUnused(name: string, { confirmed, pending }: Meanings<T>): void {
    if (confirmed === null && pending.length === 0) this.#byName.delete(name)
  }
}

/** One object per Parse and Bind: they are many. */
class NameChange<T extends { readonly sequence: number }> implements Change, Pending<T> {
  readonly thing: T | null
  readonly sequence: number
  readonly #names: Names<T>
  readonly #name: string
  readonly #meanings: Meanings<T>

  constructor(
    names: Names<T>,
    name: string,
    meanings: Meanings<T>,
    thing: T | null,
    sequence: number,
  ) {
    this.#names = names
    this.#name = name
    this.#meanings = meanings
    this.thing = thing
    this.sequence = sequence
  }

  confirm(): void {
    this.#names.settle(this.#name, this.#meanings, this, this.thing)
  }

  undo(): void {
    this.#names.settle(this.#name, this.#meanings, this, this.#meanings.confirmed)
  }

  /** What had no name has ended before the new one failed. */
  fail(): void {
    const confirmed = this.#name === '' ? null : this.#meanings.confirmed
    this.#names.settle(this.#name, this.#meanings, this, confirmed)
  }
}

/** As much of a name as the database looks at. */
function known(name: string): string {
  return name.length > NAME_SIZE ? name.slice(0, NAME_SIZE) : name
}
