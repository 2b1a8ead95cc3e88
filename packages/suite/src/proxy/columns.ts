import type { ProtectedColumn, ResultItem } from '../sql/index.ts'
import type { Column, ColumnSetting } from '../transform/index.ts'

/** A protected column of the configuration with what is done to its values. */
export interface PlannedColumn {
  readonly setting: ColumnSetting
  readonly column: Column
}

/** The setting of each column of an answer. */
export type Layout = readonly (ColumnSetting | null)[]

/** Where the names of `sql` meet the settings of `transform`: a protected column is one and the same object in both. */
export class ColumnTable {
  /** How the cells of columns are revealed that are not known to be protected. */
  readonly any: Pick<Column, 'reveal'>
  readonly #columnFor: (setting: ColumnSetting) => Column
  /** A column goes with the last plan that knows it. */
  readonly #planned = new WeakMap<ProtectedColumn, PlannedColumn>()
  readonly #layouts = new WeakMap<readonly ResultItem[], Layout>()

  constructor(
    settings: Iterable<ColumnSetting>,
    columnFor: (setting: ColumnSetting) => Column,
    any: Pick<Column, 'reveal'>,
  ) {
    this.any = any
    this.#columnFor = columnFor
    this.add(settings)
  }

  /** Takes in columns of another state of the database; those it has stay what they are. */
  add(settings: Iterable<ColumnSetting>): void {
    for (const setting of settings) {
      if (this.#planned.has(setting)) continue
      this.#planned.set(setting, { setting, column: this.#columnFor(setting) })
    }
  }

  /** Throws where the analysis names a column that the configuration does not have: a mistake of ours. */
  planned(column: ProtectedColumn): PlannedColumn {
    const planned = this.#planned.get(column)
    if (planned === undefined)
      throw new TypeError('the analysis names a column of another configuration')
    return planned
  }

  /**
   * The settings of an answer of `count` columns, of which `results` says what is known; null for each that is not known to be
   * protected. It is kept for as long as the plan that `results` is part of: every execution asks again.
   */
  layout(results: readonly ResultItem[], count: number): Layout {
    const known = this.#layouts.get(results)
    if (known?.length === count) return known
    const layout = layOut(results, count, (item) => this.setting(item))
    this.#layouts.set(results, layout)
    return layout
  }

  setting(item: ResultItem): ColumnSetting | null {
    return typeof item === 'object' ? this.planned(item).setting : null
  }
}

/** Lays the known items out over `count` columns. A `*` takes what the others leave; with two of them only the ends are known. */
function layOut(
  results: readonly ResultItem[],
  count: number,
  settingOf: (item: ResultItem) => ColumnSetting | null,
): Layout {
  const settings = Array.from<ColumnSetting | null>({ length: count }).fill(null)
  const star = results.indexOf('star')
  if (star === -1 && results.length !== count) return settings
  if (results.filter((item) => item !== 'star').length > count) return settings
  const head = star === -1 ? results : results.slice(0, star)
  head.forEach((item, i) => {
    settings[i] = settingOf(item)
  })
  if (star === -1) return settings
  const tail = results.slice(results.lastIndexOf('star') + 1)
  tail.forEach((item, i) => {
    settings[count - tail.length + i] = settingOf(item)
  })
  return settings
}
