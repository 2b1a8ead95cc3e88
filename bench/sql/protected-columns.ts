/** Three protected columns beside the same values in the clear: the rows of `npm run bench -- proxy` that are about them. */
import { startPostgres } from '../../tools/postgres.ts'
import { createSandbox } from '../../tools/sandbox.ts'
import { type Contestant, type Name, start } from '../contestants.ts'
import { prepareGround } from '../ground.ts'
import { measureAll } from '../rounds.ts'
import { throughputTables } from '../tables.ts'
import { targetsFor } from '../targets.ts'
import type { Part } from './part.ts'

const names: readonly Name[] = ['acra-server', 'protected', 'protected, 2 workers']

export const protectedColumns: Part = async ({ quick, rounds }) => {
  const sandbox = createSandbox('bench')
  const postgres = await startPostgres({ auth: 'trust', settings: { max_connections: '200' } })
  try {
    const ground = await prepareGround(sandbox, postgres)
    const contestants = new Map<Name, Contestant>()
    for (const name of names) contestants.set(name, await start(name, ground))
    const settings = { seconds: quick ? 1 : 3, rounds: quick ? 1 : Math.min(rounds, 5) }
    const cells = await measureAll(contestants, settings, sandbox.folder, () => {}, [
      'row',
      'rows',
      'insert',
    ])
    return {
      lines: [
        `pgbench through acra-server, as in the section on what standing in between costs: the same values in the clear (_acra-server_) and in three encrypted columns (_protected_). Medians of ${settings.rounds} interleaved rounds of ${settings.seconds} s.`,
        ...throughputTables(cells),
      ],
      targets: targetsFor({ cells, idle: [], slow: [] }).filter(({ value }) => value !== null),
    }
  } finally {
    await sandbox.remove()
    await postgres.stop()
  }
}
