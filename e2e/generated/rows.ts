/** The rows that are there before any generated statement. */
import { spellings } from './spellings.ts'
import { type Column, tables } from './tables.ts'
import { seededRows, seededValue } from './values.ts'

/** INSERT statements, the same for both schemas. */
export function seedRows(): string {
  const numbers = Array.from({ length: seededRows }, (_, i) => i + 1)
  const cell = (column: Column, row: number): string => {
    const value = seededValue(column, row)
    if (value === null) return 'NULL'
    const [[, simplest] = []] = spellings(column.type, value)
    return simplest?.write(value) ?? 'NULL'
  }
  return tables
    .map(({ name, columns }) => {
      const rows = numbers.map(
        (row) => `(${columns.map((column) => cell(column, row)).join(', ')})`,
      )
      return `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')}) VALUES ${rows.join(', ')}`
    })
    .join(';\n')
}
