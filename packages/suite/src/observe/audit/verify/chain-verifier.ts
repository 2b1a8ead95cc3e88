import { AuditChain, hasTag } from '../chain.ts'
import type { Signed } from '../lines.ts'
import { type Place, placeText, type Report } from './finding.ts'

/** A signed line and where it stands. */
export interface PlacedLine extends Signed {
  readonly place: Place
}

/** Lines that are tried as the next one before a chain is given up. */
const LOOK_AHEAD = 64

/**
 * Verifies the chains of a log, line by line (audit-log.md §2). A line that does not follow is looked for nearby: one that was moved or
 * added is told from lines that were changed or removed, behind which nothing can be said until the next chain begins.
 */
export class ChainVerifier {
  /** Chains that have begun. */
  chains = 0
  readonly #keys: readonly Uint8Array[]
  readonly #report: Report
  /** Null before the first line, and behind lines that were changed or removed. */
  #chain: AuditChain | null = null
  /** The last line that was verified or passed over. */
  #last: PlacedLine | null = null
  #isLost = false
  /** Of the last line that the chain has. */
  #good: Place = { file: '', line: 0 }
  /** Lines that do not follow, nor does any line behind them yet. */
  #waiting: PlacedLine[] = []
  /** Lines that do not follow, in the place of which others do. */
  #strays: PlacedLine[] = []

  /** `keys`: the versions of the audit log key; each chain begins with one of them. */
  constructor(keys: readonly Uint8Array[], report: Report) {
    this.#keys = keys
    this.#report = report
  }

  /** Whether a chain is open: lines without a tag do not belong here. */
  get isInside(): boolean {
    return this.#last !== null && !this.#last.isEnd
  }

  line(line: PlacedLine): void {
    if (line.isNew || (this.#chain === null && !this.#isLost)) this.#begin(line)
    else if (this.#isLost) this.#last = line
    else this.#follow(line)
  }

  /** The log is over; `needsEnd`: its last chain must have its end. */
  end(needsEnd: boolean): void {
    this.#settle()
    if (this.#last === null) {
      this.#tell('warning', 'empty', null, 'Empty source of audit log')
    } else if (!this.#last.isEnd) {
      const severity = needsEnd ? 'error' : 'warning'
      const text =
        'Missing end of final audit log chain: the program is still at work, was killed, or lines behind this one were cut off'
      this.#tell(severity, 'no-end', this.#last.place, text)
    }
  }

  #begin(line: PlacedLine): void {
    this.#settle()
    const before = this.#last
    if (before !== null && !before.isEnd && !this.#isLost) {
      const text = `end of audit log chain is missing: the program was killed, or lines between ${placeText(before.place)} and this one were removed`
      this.#tell('error', 'no-end', line.place, text)
    }
    this.chains++
    this.#last = line
    this.#isLost = false
    for (const key of this.#keys) {
      this.#chain = new AuditChain(key)
      const step = this.#chain.next(line.covered)
      if (!hasTag(step, line.tag)) continue
      this.#chain.take(step)
      this.#good = line.place
      return
    }
    this.#lose(
      line,
      "integrity doesn't match: this first line of a chain was changed, or the log has the audit log key of another keystore",
    )
  }

  #follow(line: PlacedLine): void {
    if (!this.#fits(line)) {
      this.#waiting.push(line)
      if (this.#waiting.length > LOOK_AHEAD) this.#settle()
      return
    }
    this.#strays.push(...this.#waiting)
    this.#waiting = []
    this.#last = line
    for (let at = this.#findStray(); at !== -1; at = this.#findStray()) {
      const [stray] = this.#strays.splice(at, 1)
      const text = `was moved: its place is behind ${placeText(line.place)}`
      this.#tell('error', 'moved', stray!.place, text)
      if (stray!.isEnd) this.#last = stray!
    }
  }

  #findStray(): number {
    return this.#strays.findIndex((stray) => this.#fits(stray))
  }

  /** Whether it is the next line; the chain moves behind it then. */
  #fits(line: PlacedLine): boolean {
    const step = this.#chain?.next(line.covered)
    if (step === undefined || !hasTag(step, line.tag)) return false
    this.#chain!.take(step)
    this.#good = line.place
    return true
  }

  /** Nothing more comes that could follow: says what is left over. */
  #settle(): void {
    for (const { place } of this.#strays) {
      this.#tell('error', 'added', place, 'has no place in its chain: it was added, or doubled')
    }
    this.#strays = []
    const [first] = this.#waiting
    if (first === undefined) return
    this.#last = this.#waiting.at(-1)!
    this.#waiting = []
    this.#lose(
      first,
      `integrity doesn't match: it was changed, or lines between ${placeText(this.#good)} and it were removed. Nothing can be said of the lines from here to the next chain`,
    )
  }

  #lose({ place }: PlacedLine, text: string): void {
    this.#tell('error', 'changed', place, text)
    this.#chain = null
    this.#isLost = true
  }

  #tell(
    severity: 'error' | 'warning',
    kind: 'changed' | 'moved' | 'added' | 'no-end' | 'empty',
    place: Place | null,
    message: string,
  ): void {
    this.#report({ severity, kind, place, message })
  }
}
