/**
 * The checklist of what the manual promises about keys: each row runs the tests that show it. Prints a table, or JSON with `--json`, and
 * renders docs/key-management-checklist.md. The exit code is 1 where a row fails.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { printTable } from '../demo/table.ts'
import { root } from '../repository.ts'
import { type Result, runTests, testName } from './results.ts'
import { type Row, rows } from './rows.ts'

const PAGE = 'docs/key-management-checklist.md'

/** What came out for a row. */
interface Finding {
  readonly row: number
  readonly claim: string
  /** `holds`, `fails`, or `waits for X`. */
  readonly state: string
  /** The tests that show it. */
  readonly test: string
  /** Why it fails; null where it does not. */
  readonly reason: string | null
}

const ready = rows.filter((row) => missing(row).length === 0)
const wanted = new Map<string, Set<string>>()
for (const test of ready.flatMap(({ tests }) => tests)) {
  const { emitted, name } = testName(test)
  wanted.set(emitted, (wanted.get(emitted) ?? new Set()).add(name))
}
const results = new Map<string, readonly Result[]>()
for (const [emitted, names] of wanted) results.set(emitted, await runTests(emitted, [...names]))

const findings = rows.map(find)
if (process.argv.includes('--json')) {
  const shown = findings.map(({ row, claim, state, test }) => ({ row, claim, state, test }))
  console.log(JSON.stringify(shown, null, 2))
} else {
  const lines = findings.map(({ row, claim, state, test }) => [String(row), claim, state, test])
  console.log(printTable(['row', 'claim', 'state', 'test'], lines, process.stdout.columns ?? 200))
  const count = (start: string) => findings.filter(({ state }) => state.startsWith(start)).length
  console.log(`\n${count('holds')} hold, ${count('waits')} wait, ${count('fails')} fail`)
}
for (const { row, reason } of findings)
  if (reason !== null) console.error(`row ${row} fails: ${reason}`)
writeFileSync(join(root, PAGE), page())
if (findings.some(({ state }) => state === 'fails')) process.exitCode = 1

function find(row: Row): Finding {
  const test = row.tests.map((one) => `${testName(one).source}: ${testName(one).name}`).join('; ')
  const found = { row: row.row, claim: row.claim, test }
  const absent = missing(row)
  if (absent.length > 0) return { ...found, state: `waits for ${absent.join(', ')}`, reason: null }
  const reason = row.tests.length === 0 ? 'no test shows it' : faultOf(row)
  return { ...found, state: reason === null ? 'holds' : 'fails', reason }
}

/** The first test of the row that does not show what it should; null where all do. */
function faultOf({ tests }: Row): string | null {
  for (const test of tests) {
    const { emitted, name, source } = testName(test)
    const ran = results.get(emitted)?.filter((result) => result.name.includes(name)) ?? []
    const bad = ran.find(({ outcome }) => outcome !== 'passed')
    if (ran.length === 0) return `${source} has no test "${name}"`
    if (bad !== undefined) return `${source}: "${bad.name}" has ${bad.outcome}`
  }
  return null
}

function missing({ needs }: Row): string[] {
  return needs.filter((need) => !isBuilt(need))
}

function isBuilt(need: string): boolean {
  if (need === '@acra-ts/sdk') return existsSync(join(root, 'packages/sdk/package.json'))
  const [program = '', command] = need.split(' ')
  if (command !== undefined)
    return existsSync(join(root, `packages/suite/src/cli/${program}/${command}.ts`))
  const manifest = JSON.parse(readFileSync(join(root, 'packages/suite/package.json'), 'utf8'))
  return Object.hasOwn(manifest.bin, program)
}

function page(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |\n`
  return [
    '<!-- Written by npm run checklist. -->\n\n# Key management: what the manual promises, and what shows it\n\n',
    'Every sentence of the page "Key management" of the manual of Acra 0.90, in its order. `npm run checklist` runs the tests and writes this page: ',
    'no state is written by hand.\n\n',
    line(['Row', 'The manual says', 'State', 'Shown by']),
    line(['---', '---', '---', '---']),
    ...findings.map(({ row, claim, state, test }) => line([String(row), claim, state, test])),
  ].join('')
}
