/** `npm run test:taint` as a process, with faults planted in the encryptor config: each is told, and ends the run with 1. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { everything } from './protected-tables.ts'

const sandbox = createSandbox('planted')
after(() => sandbox.remove())

const fullName = '- { column: full_name, data_type: str }'
const records = [
  {
    id: 'written',
    sql: "INSERT INTO users (id, email, full_name) VALUES (70, 'kestrel70@seed.example', 'Kestrel Seventy')",
    canaries: ['kestrel70', 'Kestrel Seventy'],
    protects: ['users.email', 'users.full_name'],
    compare: 'affected',
  },
  { id: 'read', sql: 'SELECT full_name FROM users', canaries: [], protects: ['users.full_name'] },
].map((record) => ({ category: 'planted', protocol: 'any', expect: 'rewrite', ...record }))

interface Report {
  readonly summary: Readonly<Record<string, number>>
  readonly shapes: readonly { readonly id: string; readonly result: string }[]
}

/** Runs the two records by an encryptor config with something else in the place of the entry of users.full_name. */
function runTaint(entry: string): { status: number | null; results: string[]; summary: object } {
  const file = (name: string) => join(sandbox.folder, name)
  const config = everything().encryptorConfig
  assert.ok(config.includes(fullName))
  writeFileSync(file('shapes.jsonl'), records.map((record) => JSON.stringify(record)).join('\n'))
  writeFileSync(file('config.yaml'), config.replace(fullName, entry))
  const run = spawnSync(
    process.execPath,
    [
      join(root, '.build/e2e/taint-main.js'),
      `--shapes=${file('shapes.jsonl')}`,
      `--encryptor_config_file=${file('config.yaml')}`,
      `--json=${file('out.json')}`,
    ],
    { encoding: 'utf8' },
  )
  assert.equal(run.stderr, '')
  const { summary, shapes } = JSON.parse(readFileSync(file('out.json'), 'utf8')) as Report
  return {
    status: run.status,
    results: shapes.map(({ id, result }) => `${id}: ${result}`),
    summary: { leak: summary.leak, wrong: summary.wrong },
  }
}

test('with nothing planted both records work, and the run ends with 0', () => {
  assert.deepEqual(runTaint(fullName), {
    status: 0,
    results: ['written: rewritten', 'read: rewritten'],
    summary: { leak: 0, wrong: 0 },
  })
})

test('a column that the config leaves out is a leak, and the run ends with 1', () => {
  const { status, results, summary } = runTaint('- { column: role }')
  assert.equal(results[0], 'written: leak')
  assert.deepEqual({ status, summary }, { status: 1, summary: { leak: 1, wrong: 1 } })
})

test('a column that is shown as another type is a wrong answer, and the run ends with 1', () => {
  assert.deepEqual(runTaint('- { column: full_name, data_type: bytes }'), {
    status: 1,
    results: ['written: rewritten', 'read: wrong'],
    summary: { leak: 0, wrong: 1 },
  })
})
