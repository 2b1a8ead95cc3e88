/** The round brackets of a text: which closes which, and what is left open between two places. */
export class Brackets {
  /** Where each stands, in order. */
  readonly #places: number[] = []
  /** How many are open before each, and at the end. */
  readonly #depths: number[] = [0]
  /** The bracket that closes an open one, by their indexes. */
  readonly #closing = new Map<number, number>()
  /** The lowest depths of pairs, of pairs of these, and so on: a tree whose leaves are the depths. */
  readonly #lowest: Int32Array

  constructor(brackets: Iterable<{ readonly isOpen: boolean; readonly at: number }>) {
    const open: number[] = []
    let depth = 0
    for (const { isOpen, at } of brackets) {
      const index = this.#places.length
      if (isOpen) open.push(index)
      else {
        const opening = open.pop()
        if (opening !== undefined) this.#closing.set(opening, index)
      }
      depth += isOpen ? 1 : -1
      this.#places.push(at)
      this.#depths.push(depth)
    }
    const count = this.#depths.length
    this.#lowest = new Int32Array(2 * count)
    this.#lowest.set(this.#depths, count)
    for (let index = count - 1; index > 0; index--)
      this.#lowest[index] = Math.min(this.#lowest[2 * index], this.#lowest[2 * index + 1])
  }

  /** Past the bracket that closes the one at a byte; null where none is there, or nothing closes it. */
  endOf(position: number): number | null {
    const index = this.#indexAt(position)
    const closing = this.#places[index] === position ? this.#closing.get(index) : undefined
    return closing === undefined ? null : this.#places[closing] + 1
  }

  /** How many brackets between two bytes close one before them, and how many are closed behind them. */
  unmatched(start: number, end: number): { closing: number; opening: number } {
    const [first, last] = [this.#indexAt(start), this.#indexAt(end)]
    const lowest = this.#lowestDepth(first, last)
    return { closing: this.#depths[first] - lowest, opening: this.#depths[last] - lowest }
  }

  /** The first bracket at a byte or behind it. */
  #indexAt(position: number): number {
    let low = 0
    let high = this.#places.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#places[middle] < position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The lowest depth from before one bracket to before another. */
  #lowestDepth(first: number, last: number): number {
    const count = this.#depths.length
    let lowest = this.#depths[first]
    let [from, to] = [first + count, last + 1 + count]
    for (; from < to; from >>= 1, to >>= 1) {
      if (from % 2 === 1) lowest = Math.min(lowest, this.#lowest[from++])
      if (to % 2 === 1) lowest = Math.min(lowest, this.#lowest[--to])
    }
    return lowest
  }
}
