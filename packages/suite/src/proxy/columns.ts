import type { ProtectedColumn, ResultItem } from '../sql/index.ts'
import type { Column, ColumnSetting } from '../transform/index.ts'

/** A protected column of the configuration with what is done to its values. */
export interface PlannedColumn {
  readonly setting: ColumnSetting
  readonly column: Column
}

/** Where the names of `sql` meet the settings of `transform`: a protected column is one and the same object in both. */
export class ColumnTable {
  /** How the cells of columns are revealed that are not known to be protected. */
  readonly any: Pick<Column, 'reveal'>
  readonly #columnFor: (setting: ColumnSetting) => Column
  /** A column goes with the last plan that knows it. */
  readonly #planned = new WeakMap<ProtectedColumn, PlannedColumn>()

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

  setting(item: ResultItem): ColumnSetting | null {
    return typeof item === 'object' ? this.planned(item).setting : null
  }
}
