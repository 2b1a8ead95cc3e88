/**
 * `npm run bench -- translator [--rounds=15 --only=TEXT --write]`: what a call of acra-translator costs beside a bare echo of the same frameworks,
 * and what acra-connector costs with Secure Session beside its own TLS.
 */
import { parseArgs } from 'node:util'
import { printTable } from '../../tools/demo/table.ts'
import { createSandbox } from '../../tools/sandbox.ts'
import { table, writeSection } from '../document.ts'
import { machine, median } from '../machine.ts'
import { callContestants } from './calls.ts'
import { connectorContestants } from './connector.ts'
import { type Outcome, ratioOf, takeTurns } from './turns.ts'

const usage = `npm run bench -- translator [--rounds=15] [--only=TEXT] [--write]
  --only   rows with this in their names, and what they are compared with
  --write  puts the tables into docs/benchmarks.md`

export async function translatorBench(args: readonly string[]): Promise<number> {
  const { values: settings } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '15' },
      /** Only what has this in its name, and what that is compared with. */
      only: { type: 'string', default: '' },
      /** Puts the tables into docs/benchmarks.md. */
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (settings.help) {
    console.log(usage)
    return 0
  }
  const sandbox = createSandbox('bench-translator')
  try {
    const sections: string[] = []
    for (const [name, contestantsIn] of [
      ['translator', callContestants],
      ['connector', connectorContestants],
    ] as const) {
      const { contestants, unit, end } = await contestantsIn(sandbox)
      const named = contestants.filter(({ what }) => what.includes(settings.only))
      const bases = new Set(named.map(({ base }) => base))
      const chosen = contestants.filter((one) => named.includes(one) || bases.has(one.what))
      const outcomes = await takeTurns(chosen, Number(settings.rounds))
      await end()
      const heads = [name, `µs of CPU ${unit}`, 'to its base', 'target', 'p50 ms', 'p99 ms']
      const rows = outcomes.map((outcome) => rowOf(outcome, outcomes))
      console.log(printTable(heads, rows, 140))
      sections.push(table(heads, rows).join('\n'))
    }
    if (settings.write) {
      const { cpu, node, commit, load } = machine()
      const about = `${cpu}, Node ${node}, commit ${commit}, ${settings.rounds} rounds, load ${load.toFixed(1)}.`
      writeSection('translator', `${sections.join('\n\n')}\n\n${about}`)
    }
    return 0
  } finally {
    await sandbox.remove()
  }
}

function rowOf(outcome: Outcome, all: readonly Outcome[]): string[] {
  const { contestant, microseconds, waits } = outcome
  const ratio = ratioOf(outcome, all)
  const { target } = contestant
  const reached = ratio === null || target === null ? '' : ratio >= target ? 'reached' : 'missed'
  const at = (part: number) => (waits[Math.floor(waits.length * part)] ?? Number.NaN).toFixed(2)
  return [
    contestant.what,
    median(microseconds).toFixed(1),
    ratio === null ? '' : ratio.toFixed(2),
    target === null ? '' : `${target}, ${reached}`,
    at(0.5),
    at(0.99),
  ]
}
