/** What a part of `npm run bench:sql` is and yields. */
import type { Target } from '../targets.ts'

export interface PartSettings {
  /** True: a few calls of everything, to see that it runs. Its figures mean nothing. */
  readonly quick: boolean
  readonly rounds: number
}

export interface PartResult {
  /** Markdown: what was compared, and the tables. */
  readonly lines: readonly string[]
  readonly targets: readonly Target[]
}

export type Part = (settings: PartSettings) => Promise<PartResult>
