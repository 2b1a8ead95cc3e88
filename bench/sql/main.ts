/**
 * What statements and values of protected columns cost: plans, transformations, long statements, COPY, search. Each part compares its
 * candidates in turn, in one run: only ratios within a run mean anything.
 */
import { parseArgs } from 'node:util'
import { writeSection } from '../document.ts'
import { machine } from '../machine.ts'
import { installPrograms } from '../programs.ts'
import { verdicts } from '../targets.ts'
import { cells } from './cells.ts'
import { copy } from './copy.ts'
import { flood } from './flood.ts'
import { insert } from './insert.ts'
import type { Part } from './part.ts'
import { plans } from './plans.ts'
import { protectedColumns } from './protected-columns.ts'
import { search } from './search.ts'

const parts = {
  plans,
  flood,
  cells,
  insert,
  copy,
  search,
  protected: protectedColumns,
} as const satisfies Readonly<Record<string, Part>>

const programs = [
  { program: 'pgbench', package: 'postgresql' },
  { program: 'openssl', package: 'openssl', version: 'version' },
  { program: 'redis-server', package: 'redis-server' },
]

type Name = keyof typeof parts

const usage = `npm run bench:sql [-- --only=NAME,...] [--rounds=9] [--quick] [--write]
  --only   of: ${Object.keys(parts).join(', ')}
  --quick  a few calls of everything, to see that it runs: the figures mean nothing
  --write  puts the tables of the parts that ran into docs/benchmarks.md`

export async function sqlBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '9' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number above 0')
  if (values.quick && values.write) throw new Error('--quick measures nothing to be written')
  if (!(await installPrograms(programs))) return 1
  for (const name of selected(values.only)) {
    const at = machine()
    const { lines, targets } = await parts[name]({ quick: values.quick, rounds })
    const text = [
      `${at.cpu}, ${at.cores} cores, load average at the start ${at.load.toFixed(1)}; Node ${at.node}. Commit ${at.commit}.`,
      '',
      ...lines,
      '',
      ...verdicts(targets),
    ].join('\n')
    console.log(`\n${name}\n${text}`)
    if (values.write) writeSection(`sql-${name}`, text)
  }
  return 0
}

function selected(only: string): Name[] {
  const names = Object.keys(parts) as Name[]
  if (only === '') return names
  return only.split(',').map((part) => {
    const found = names.find((name) => name === part)
    if (found === undefined) throw new Error(`no part is called "${part}"`)
    return found
  })
}
