/** Values of each label of a metric: the pairs that exist are all their combinations, from the start. */
export type LabelValues = Readonly<Record<string, readonly string[]>>

/**
 * How the values of several processes become one: counters and most gauges are added up, the largest is taken, or the
 * first process speaks for all.
 */
export type Merge = 'sum' | 'max' | 'first'

/** The cells of one metric, for the text and for adding up. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly merge: Merge
  /** One for each combination of label values: the printed labels, and the number of its first cell. */
  readonly series: readonly { readonly labels: string; readonly at: number }[]
  /** Upper bounds of a histogram's buckets; empty for the others. */
  readonly bounds: readonly number[]
}

/** The value of every cell of a process at one moment. */
export type Snapshot = readonly number[]

/** Something that only grows. */
export interface Counter {
  add(amount: number): void
}

/** Something that goes up and down. */
export interface Gauge {
  set(value: number): void
}

/** Counts what it is told by size. */
export interface Histogram {
  observe(value: number): void
}

/**
 * The metrics of a process: a row of numbers, and what each of them means. All series exist from the start, so that two
 * processes of one program have the same row, and adding them up is adding numbers. No label is made at run time: what a
 * client says can never become one.
 */
export class Registry {
  readonly #families: Family[] = []
  readonly #cells: number[] = []
  readonly #collectors: (() => void)[] = []

  get families(): readonly Family[] {
    return this.#families
  }

  /** A counter for each combination of label values; those of the last label follow each other. */
  counters(name: string, help: string, labels: LabelValues): Counter[] {
    const cells = this.#declare(name, 'counter', help, labels, 'sum', [])
    return cells.map((at) => new Cell(this.#cells, at))
  }

  counter(name: string, help: string): Counter {
    return this.counters(name, help, {})[0]!
  }

  /** A counter that stands at 1 and says something by its labels. */
  info(name: string, help: string, labels: LabelValues): void {
    const [at] = this.#declare(name, 'counter', help, labels, 'first', [])
    this.#cells[at!] = 1
  }

  gauge(name: string, help: string, merge: Merge, labels: LabelValues = {}): Gauge {
    const [at] = this.#declare(name, 'gauge', help, labels, merge, [])
    return new Cell(this.#cells, at!)
  }

  histograms(
    name: string,
    help: string,
    bounds: readonly number[],
    labels: LabelValues = {},
  ): Histogram[] {
    return this.#declare(name, 'histogram', help, labels, 'sum', bounds).map(
      (at) => new Buckets(this.#cells, at, bounds),
    )
  }

  /** `collect` sets what is measured only when somebody asks. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect)
  }

  snapshot(): Snapshot {
    for (const collect of this.#collectors) collect()
    return [...this.#cells]
  }

  #declare(
    name: string,
    type: Family['type'],
    help: string,
    labels: LabelValues,
    merge: Merge,
    bounds: readonly number[],
  ): readonly number[] {
    const width = type === 'histogram' ? bounds.length + 2 : 1
    const series = combinations(labels).map((printed) => {
      const at = this.#cells.length
      for (let i = 0; i < width; i++) this.#cells.push(0)
      return { labels: printed, at }
    })
    this.#families.push({ name, type, help, merge, series, bounds })
    return series.map(({ at }) => at)
  }
}

/** `a="1",b="x"` for every combination. Names and values are our own words: nothing in them needs an escape. */
function combinations(labels: LabelValues): string[] {
  let printed = ['']
  for (const [name, values] of Object.entries(labels)) {
    printed = printed.flatMap((before) =>
      values.map((value) => `${before === '' ? '' : `${before},`}${name}="${value}"`),
    )
  }
  return printed
}

class Cell implements Counter, Gauge {
  readonly #cells: number[]
  readonly #at: number

  constructor(cells: number[], at: number) {
    this.#cells = cells
    this.#at = at
  }

  add(amount: number): void {
    this.#cells[this.#at]! += amount
  }

  set(value: number): void {
    this.#cells[this.#at] = value
  }
}

/** A cell for each bound, one for what is above them all, one for the sum. */
class Buckets implements Histogram {
  readonly #cells: number[]
  readonly #at: number
  readonly #bounds: readonly number[]

  constructor(cells: number[], at: number, bounds: readonly number[]) {
    this.#cells = cells
    this.#at = at
    this.#bounds = bounds
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let i = 0
    while (i < bounds.length && value > bounds[i]!) i++
    this.#cells[this.#at + i]!++
    this.#cells[this.#at + bounds.length + 1]! += value
  }
}
