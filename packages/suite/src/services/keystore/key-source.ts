import { events, type Logger } from '../../observe/index.ts'

/** What a watch works with. */
export interface KeySourceWatchOptions {
  /** Resolves where Vault, the KMS or the device answers; rejects where it does not. */
  readonly probe: () => Promise<void>
  readonly intervalMs: number
  /** How long the keys in memory are used while nothing answers; Infinity where that sets no bound. */
  readonly offlineMs: number
  readonly log: Logger
  /** Told 1 when the source goes away, -1 when it is back. */
  readonly onDegraded: (change: 1 | -1) => void
  /** The time is over: keys must not be used any more. */
  readonly drop: () => void
  /** The source answers again after that. */
  readonly restore: () => void
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

type State = 'there' | 'away' | 'dropped'

/**
 * Asks a source of keys, again and again, whether it is still there. While it is away the keys in memory go on for a while; then they are
 * dropped until it is back.
 */
export class KeySourceWatch {
  readonly #options: KeySourceWatchOptions
  #state: State = 'there'
  #awaySinceMs = 0
  #timer: NodeJS.Timeout | null = null
  #isStopped = false

  constructor(options: KeySourceWatchOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      void this.check().then(() => this.start())
    }, this.#options.intervalMs)
    this.#timer.unref()
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#state !== 'there') this.#options.onDegraded(-1)
    this.#state = 'there'
  }

  /** Asks once. Never rejects. */
  async check(): Promise<void> {
    const error = await this.#options.probe().then(
      () => null,
      (error: unknown) => error,
    )
    if (this.#isStopped) return
    if (error === null) this.#answered()
    else this.#missed(error)
  }

  #answered(): void {
    if (this.#state === 'there') return
    const { log, now, onDegraded, restore } = this.#options
    const seconds = Math.round((now() - this.#awaySinceMs) / 1000)
    if (this.#state === 'dropped') restore()
    this.#state = 'there'
    onDegraded(-1)
    log.event(events.keySourceBack, { away_seconds: seconds })
  }

  #missed(error: unknown): void {
    const { log, now, offlineMs, onDegraded, drop } = this.#options
    if (this.#state === 'there') {
      this.#state = 'away'
      this.#awaySinceMs = now()
      onDegraded(1)
      log.event(events.keySourceAway, { error })
    }
    if (this.#state !== 'away' || now() - this.#awaySinceMs < offlineMs) return
    this.#state = 'dropped'
    drop()
    log.event(events.keysDropped, { error })
  }
}
