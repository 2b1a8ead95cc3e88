/** What a flood of statements that nobody says twice does to those that are said all the time, and to memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openWorkbench } from '#testing/workbench'
import { everything } from '../../e2e/protected-tables.ts'
import { table } from '../document.ts'
import { measureInTurn, middleOf, ratioOf } from './measure.ts'
import type { Part, PartSettings } from './part.ts'

const SHAPES = 100_000
const QUICK_SHAPES = 500
const MEBIBYTE = 1 << 20
/** Statements that are said all the time. */
const USUAL = 100

export const flood: Part = async (settings) => {
  const bench = await openWorkbench(everything().encryptorConfig)
  const [quiet, flooded] = [bench.planner(), bench.planner()]
  const usual = Array.from({ length: USUAL }, (_, i) => statement(`usual${i}`))
  for (const text of usual) for (const planner of [quiet, flooded]) planner.forQuery(text)
  // What the first statements leave behind is no growth.
  pour(bench.planner(), 'warm', settings.quick ? 100 : 10_000)
  const { rounds } = settings
  const shapes = settings.quick ? QUICK_SHAPES : SHAPES
  const before = memory()
  const asks = { quiet: 0, flooded: 0 }
  const hit = (name: keyof typeof asks, planner: typeof quiet) => ({
    name,
    run: () => planner.forQuery(usual[asks[name]++ % USUAL] as Buffer),
  })
  const figures: { quiet: number[]; flooded: number[] } = { quiet: [], flooded: [] }
  const once: PartSettings = { ...settings, rounds: 1 }
  let full = 0
  for (let round = 0; round < rounds; round++) {
    pour(flooded, `round${round}x`, Math.ceil(shapes / rounds))
    if (round === 0) full = memory()
    const [one, other] = await measureInTurn([hit('quiet', quiet), hit('flooded', flooded)], once)
    figures.quiet.push(middleOf(one!))
    figures.flooded.push(middleOf(other!))
  }
  const after = memory()
  const [one, other] = [
    { name: 'quiet', cpuUs: figures.quiet },
    { name: 'flooded', cpuUs: figures.flooded },
  ] as const
  const ratio = ratioOf(other, one)
  return {
    lines: [
      `${USUAL} statements that are said all the time, through a planner that knows no others and through one that is given ${shapes} statements of as many shapes meanwhile (\`--plan_cache_size\` and \`--plan_cache_bytes\` as they are by default).`,
      `Hits are measured after each ${rounds}th of the flood, in turn; memory is what is in use after a collection of garbage.`,
      '',
      ...table(
        ['', 'hit, CPU µs', 'memory, MiB'],
        [
          ['no flood', middleOf(one).toFixed(2), before.toFixed(1)],
          [`after ${Math.ceil(shapes / rounds)} shapes`, '', full.toFixed(1)],
          [`after ${shapes} shapes`, middleOf(other).toFixed(2), after.toFixed(1)],
        ],
      ),
    ],
    targets: [
      { what: 'hits in the flood to hits without', bound: 'at most', limit: 1.1, value: ratio },
      {
        what: 'memory after the flood, above that after its first part',
        bound: 'at most',
        limit: 1,
        unit: ' MiB',
        value: after - full,
      },
    ],
  }
}

function statement(name: string): Buffer {
  return Buffer.from(
    `SELECT id, email AS ${name} FROM users WHERE email = 'ann@example.org' AND id > 10`,
  )
}

/** Statements of as many shapes, each said once. */
function pour(planner: { forQuery(text: Buffer): unknown }, name: string, count: number): void {
  for (let i = 0; i < count; i++) planner.forQuery(statement(`${name}${i}`))
}

/** MiB of objects and buffers in use. */
function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / MEBIBYTE
}
