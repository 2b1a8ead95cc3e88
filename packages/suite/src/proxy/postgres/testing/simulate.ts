import { parseArgs } from 'node:util'
import { MemoryKeystore } from '../../../transform/testing/index.ts'
import { conversationParts } from './index.ts'
import { SimulationFailure, simulate } from './simulation/index.ts'

const PROGRESS_RUNS = 10_000
const FAILURES_MAX = 10

/**
 * Many simulated connections: `npm run lab -- simulate [--runs=N] [--seed=N]`. Seeds are counted up from a random one, or from the one
 * given; one that fails is printed, with what went wrong, and runs again by `--seed=N --runs=1`. Resolves to the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const options = { runs: { type: 'string' }, seed: { type: 'string' } } as const
  const { values } = parseArgs({ args: [...args], options })
  const runs = Number(values.runs ?? 100_000)
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  if (!Number.isInteger(runs) || !Number.isInteger(first)) {
    console.error('--runs and --seed are whole numbers')
    return 2
  }
  const parts = await conversationParts()
  const keystore = new MemoryKeystore().generate('alice')
  const started = performance.now()
  let failures = 0
  console.log(`${runs} runs from seed ${first} on`)
  for (let count = 1; count <= runs && failures < FAILURES_MAX; count++) {
    await simulate(first + count - 1, parts, keystore).catch((error: unknown) => {
      if (!(error instanceof SimulationFailure)) throw error
      failures++
      console.error(error.message)
    })
    if (count % PROGRESS_RUNS === 0) console.log(`${count} runs: ${failures} failed`)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  const memory = (process.memoryUsage.rss() / 2 ** 20).toFixed(0)
  console.log(`${failures} failures after ${seconds} s, ${memory} MiB`)
  return failures === 0 ? 0 : 1
}
