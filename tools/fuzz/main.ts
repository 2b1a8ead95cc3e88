/**
 * Bad input, long: `npm run lab -- fuzz [--messages=N] [--seed=N] [--batches=N]`. First messages into conversations without sockets, then
 * batches of bad clients and bad databases against a running acra-server.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openArena } from '../../e2e/bad-input.ts'
import { root } from '../repository.ts'

const COUNT = 100
const GROWTH_MAX_MIB = 200
const options = {
  messages: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  batches: { type: 'string', default: '30' },
} as const
const { messages, seed, batches } = parseArgs({ options }).values

const file = 'packages/suite/dist/proxy/postgres/testing/fuzz-messages.js'
const { main } = await import(join(root, file))
const messagesCode: number = await main([`--messages=${messages}`, `--seed=${seed}`])
process.exitCode = messagesCode === 0 ? await attacks(Number(batches), Number(seed)) : messagesCode

async function attacks(count: number, first: number): Promise<number> {
  const arena = await openArena()
  try {
    await arena.attack(first, COUNT)
    const before = arena.memory()
    const started = performance.now()
    for (let batch = 1; batch <= count; batch++) {
      await Promise.all([arena.attack(first + batch, COUNT), arena.checkHealth()])
      await arena.checkHealth()
    }
    const growth = arena.memory() - before
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(
      `${count * COUNT * 2} bad connections in ${seconds} s, a good one served in each of ${count} batches; ` +
        `memory ${before} MiB after the first batch, ${growth} MiB more at the end`,
    )
    if (growth <= GROWTH_MAX_MIB) return 0
    console.error('memory has grown too much')
    return 1
  } finally {
    await arena.stop()
  }
}
