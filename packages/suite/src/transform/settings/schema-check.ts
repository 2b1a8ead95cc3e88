/** Gathers where a config and a database contradict each other. */
import { nearest } from '../../options/index.ts'
import type { ConfigPlace, ConfigProblem } from './config-error.ts'
import type {
  DatabaseColumn,
  DatabaseRelation,
  DatabaseSchema,
  RelationName,
} from './database-schema.ts'
import {
  areReadAlike,
  areStoredAlike,
  type ColumnSetting,
  type EncryptorConfig,
  type TableSetting,
} from './encryptor-config.ts'
import { columnProblems } from './stored-types.ts'

const START: ConfigPlace = { line: 1, column: 1 }
/** More columns than this are not spelled out in a sentence. */
const NAMED_MAX = 20

export class ConfigCheck {
  readonly contradictions: ConfigProblem[] = []
  readonly warnings: string[] = []

  /** Checks each entry with the relations that it is the entry of. */
  entries(config: EncryptorConfig, schema: DatabaseSchema): void {
    const byEntry = new Map<TableSetting, DatabaseRelation[]>()
    for (const relation of schema.relations) {
      const entry = config.table(relation.schema, relation.name)
      if (entry === null) continue
      const others = byEntry.get(entry)
      if (others === undefined) byEntry.set(entry, [relation])
      else others.push(relation)
    }
    for (const [entry, relations] of byEntry) this.#entry(entry, relations)
  }

  /** An entry whose table the database does not have: it may be made later. */
  missing(entry: TableSetting): void {
    const name = entry.schema === null ? entry.name : `${entry.schema}.${entry.name}`
    const { line } = entry.places?.table ?? START
    this.warnings.push(
      `The encryptor config names the table ${name} (line ${line}), which the database does not have`,
    )
  }

  /** A partition or child that protects a column otherwise than its parent. */
  sameAsParent(
    child: RelationName,
    parent: RelationName,
    own: ColumnSetting,
    inherited: ColumnSetting,
    entry: TableSetting | null,
  ): void {
    if (areStoredAlike(own, inherited) && areReadAlike(own, inherited)) return
    this.#contradict(
      entry?.places?.protected.get(own.column),
      `table "${child.name}", column "${own.column}": is protected otherwise than in ${nameOf(parent)}, of which the table is a partition or child: remove it here`,
    )
  }

  /** A partition or child that protects a column that its parent does not protect. */
  openParent(
    child: RelationName,
    parent: RelationName,
    column: string,
    { places }: TableSetting,
  ): void {
    this.#contradict(
      places?.protected.get(column) ?? places?.table,
      `table "${child.name}", column "${column}": the table is a partition or child of ${nameOf(parent)}, which does not protect the column: protect it there`,
    )
  }

  /** An entry for several schemas need not fit all of the tables, but one. */
  #entry(entry: TableSetting, relations: readonly DatabaseRelation[]): void {
    const found = relations.map((relation) => this.#problems(entry, relation))
    const sound = found.some((problems) => problems.length === 0)
    found.forEach((problems, index) => {
      const relation = relations[index]
      if (relation === undefined) return
      for (const { line, column, text } of problems) {
        if (sound)
          this.warnings.push(
            `${nameOf(relation)} is not as the encryptor config says (line ${line}): ${text}`,
          )
        else this.#contradict({ line, column }, text)
      }
    })
  }

  #problems(entry: TableSetting, relation: DatabaseRelation): ConfigProblem[] {
    const columns = new Map(relation.columns.map((column) => [column.name, column]))
    const problems: ConfigProblem[] = []
    const listed = listProblem(entry, relation)
    if (listed !== null) problems.push(listed)
    for (const [name, setting] of entry.protected) {
      const place = entry.places?.protected.get(name) ?? START
      const where = `table "${entry.name}", column "${name}"`
      const column = columns.get(name)
      if (column === undefined) {
        const meant = nearest(name, columns.keys())
        const remedy = meant === null ? '' : `, did you mean "${meant}"?`
        problems.push({
          ...place,
          text: `${where}: ${nameOf(relation)} has no such column${remedy}`,
        })
      } else {
        const found = this.#column(setting, column, relation)
        for (const text of found) problems.push({ ...place, text: `${where}: ${text}` })
      }
    }
    return problems
  }

  #column(setting: ColumnSetting, column: DatabaseColumn, relation: DatabaseRelation): string[] {
    const { problems, warnings } = columnProblems(setting, column)
    for (const text of warnings) this.warnings.push(`${nameOf(relation)}.${column.name}: ${text}`)
    return problems
  }

  #contradict(place: ConfigPlace | undefined, text: string): void {
    this.contradictions.push({ ...(place ?? START), text })
  }
}

/** `columns` says the same columns in the same order, or is not there. */
function listProblem(
  { name, columns, places }: TableSetting,
  relation: DatabaseRelation,
): ConfigProblem | null {
  if (columns === null) return null
  const actual = relation.columns.map((column) => column.name)
  if (actual.length === columns.length && actual.every((one, at) => one === columns[at]))
    return null
  const place = places?.columns ?? START
  return {
    ...place,
    text: `table "${name}": columns: ${nameOf(relation)} has the columns ${listOf(actual)}: list them so, or remove "columns"`,
  }
}

function listOf(names: readonly string[]): string {
  const more = names.length - NAMED_MAX
  const named = names.slice(0, NAMED_MAX).join(', ')
  return more > 0 ? `[${named}, and ${more} more]` : `[${named}]`
}

function nameOf({ schema, name }: RelationName): string {
  return `${schema}.${name}`
}
