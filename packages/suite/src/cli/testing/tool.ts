/** A tool for the tests of what every tool does. */
import { flag, text, waits } from '../../options/index.ts'
import { runProgram } from '../process.ts'
import type { Program } from '../program.ts'

const options = {
  name: text('', 'Name to greet'),
  lines: flag(false, 'Print without end'),
  mysql_enable: waits('MySQL', flag(false, 'The database is MySQL')),
} as const

const program: Program<typeof options> = {
  name: 'tool',
  kind: 'tool',
  description: 'Greets.',
  examples: ['tool --name=you'],
  options,
  async run({ options, log, print }) {
    if (options.name === '') {
      log.error("Can't greet nobody", { code: 501 })
      return 1
    }
    log.info('Greeting', { name: options.name })
    do {
      print(`hello ${options.name}\n`)
      await new Promise((resolve) => setImmediate(resolve))
    } while (options.lines)
    return 0
  },
}

await runProgram(program)
