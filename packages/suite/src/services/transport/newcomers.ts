import { events, type Logger } from '../../observe/index.ts'
import { Throttle } from '../throttle/index.ts'

/** The time between two lines about those that have given way: they do by the thousand. */
const TELL_MS = 1000

/**
 * Connections that have not said yet what they want: half a handshake, half a request, nothing. Where there is no room for more connections the
 * eldest of them gives way, so that whoever opens many and says nothing keeps nobody out who does.
 */
export class Newcomers<T extends object> {
  readonly #waiting = new Set<T>()
  readonly #drop: (connection: T) => void
  readonly #gaveWay: Throttle
  #limit = ''

  /** `drop` closes a connection; how many had to be closed goes to the log. */
  constructor(drop: (connection: T) => void, log: Logger) {
    this.#drop = drop
    this.#gaveWay = new Throttle(TELL_MS, (count) => {
      const fields = { limit: this.#limit, count }
      log.event(events.limitExceeded, fields, 'Connections that say nothing give way')
    })
  }

  get count(): number {
    return this.#waiting.size
  }

  add(connection: T): void {
    this.#waiting.add(connection)
  }

  /** It is served now, or has ended. */
  remove(connection: T): void {
    this.#waiting.delete(connection)
  }

  /** Closes the eldest, since that limit is reached; false where none is there. */
  giveWay(limit: string): boolean {
    const [eldest] = this.#waiting
    if (eldest === undefined) return false
    this.#waiting.delete(eldest)
    this.#drop(eldest)
    this.#limit = limit
    this.#gaveWay.happened(performance.now())
    return true
  }
}
