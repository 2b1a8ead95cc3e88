import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ColumnTable } from '../columns.ts'
import { Planner } from './planner.ts'

const nothing = { reveal: () => false }

/** A planner over an analysis that finds nothing to do, and how often that was asked. */
function plannerOf(cacheCount: number, cacheSize: number) {
  let count = 0
  const planner = new Planner({
    idle: false,
    columns: new ColumnTable([], () => assert.fail('no column'), nothing),
    followsPath: false,
    analyze: () => {
      count++
      return { kind: 'untouched' }
    },
    cacheCount,
    cacheSize,
    textSizeMax: 1 << 16,
    onCacheTurn: () => {},
  })
  return { planner, count: () => count }
}

const flooding = (i: number) =>
  Buffer.from(`SELECT ${'column_of_a_long_name, '.repeat(10)} c${i} FROM users WHERE id = ${i}`)

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

test('a statement that is said all the time is analysed once, whatever flood of others there is', () => {
  const { planner, count } = plannerOf(1000, 1 << 24)
  const usual = (value: string) => Buffer.from(`SELECT id FROM users WHERE email = '${value}'`)
  for (let i = 0; i < 20_000; i++) {
    planner.forQuery(flooding(i))
    planner.forQuery(usual(`someone ${i}`))
  }
  assert.equal(count(), 20_001)
})

test('a flood of 100,000 shapes leaves no more memory behind than the bound says', () => {
  const cacheSize = 4 << 20
  const { planner, count } = plannerOf(1_000_000, cacheSize)
  const pour = (from: number, to: number) => {
    for (let i = from; i < to; i++) planner.forQuery(flooding(i))
  }
  pour(0, 20_000)
  const full = heapUsed()
  pour(20_000, 100_000)
  const grown = heapUsed() - full
  assert.equal(count(), 100_000)
  assert.ok(grown < cacheSize, `${grown} bytes more`)
})
