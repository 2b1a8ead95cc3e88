/** docs/benchmarks.md: its tables, and the places that the benches write them to. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tools/repository.ts'

/** A table in Markdown, line by line. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')).replaceAll(' ', ''), ...rows.map(line)]
}

/** Puts `text` between the marks of `name` in docs/benchmarks.md. */
export function writeSection(name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const path = join(root, 'docs/benchmarks.md')
  const [before, rest] = readFileSync(path, 'utf8').split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`${path} has no place for ${name}`)
  writeFileSync(path, `${before}${begin}\n${text}\n${end}${after}`)
}
