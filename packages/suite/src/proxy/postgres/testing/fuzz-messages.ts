import { parseArgs } from 'node:util'
import { columnFor } from '../../../transform/index.ts'
import { accessOf, MemoryKeystore, settingOf } from '../../../transform/testing/index.ts'
import { Corpus, fuzz } from './fuzz/index.ts'
import { conversationParts } from './index.ts'
import { recordings } from './recordings.ts'

const FAILURES_MAX = 10

/**
 * Bad messages into conversations without sockets: `--messages=N`, from `--seed=N` on, or a random one. What is thrown and is no
 * protocol error is printed with its seed. Resolves to the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const options = { messages: { type: 'string' }, seed: { type: 'string' } } as const
  const { values } = parseArgs({ args: [...args], options })
  const wanted = Number(values.messages ?? 1_000_000)
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  if (!Number.isInteger(wanted) || !Number.isInteger(first)) {
    console.error('--messages and --seed are whole numbers')
    return 2
  }
  const parts = await conversationParts()
  const access = accessOf('alice', new MemoryKeystore().generate('alice'))
  const corpus = new Corpus(recordings(columnFor(settingOf({ dataType: 'str' })), access))
  const started = performance.now()
  let messages = 0
  let connections = 0
  let refused = 0
  let failures = 0
  let slowestMs = 0
  console.log(`${wanted} messages from seed ${first} on`)
  for (; messages < wanted && failures < FAILURES_MAX; connections++) {
    const begun = performance.now()
    try {
      const end = await fuzz(first + connections, corpus, parts, access)
      messages += end.messages
      if (end.isRefused) refused++
    } catch (error) {
      failures++
      console.error(error)
    }
    slowestMs = Math.max(slowestMs, performance.now() - begun)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const memory = (process.memoryUsage.rss() / 2 ** 20).toFixed(0)
  console.log(
    `${messages} messages, ${connections} connections, of which ${refused} ended by a protocol error, ` +
      `${failures} by another; ${seconds} s, the slowest ${slowestMs.toFixed(0)} ms, ${memory} MiB`,
  )
  return failures === 0 ? 0 : 1
}
