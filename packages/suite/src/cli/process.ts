import type { Clock } from '../observe/index.ts'
import type { OptionTable } from '../options/index.ts'
import { start } from './execution.ts'
import type { Host } from './host.ts'
import type { Program, ProgramOfCommands } from './program.ts'

/** Runs a program as this process, and ends the process with its exit code. */
export async function runProgram<T extends OptionTable>(
  program: Program<T> | ProgramOfCommands,
): Promise<never> {
  process.title = program.name
  // Where nobody reads the log any more its lines are lost and the work goes on; not so with results.
  process.stderr.on('error', () => {})
  process.stdout.on('error', () => process.exit(1))
  const running = start(program, processHost())
  process.on('uncaughtException', (error) => process.exit(running.fail(error)))
  process.on('unhandledRejection', (reason) => process.exit(running.fail(reason)))
  const exitCode = await running.exitCode
  // Where stdout is a socket, what was written may still wait.
  await new Promise((resolve) => process.stdout.write('', resolve))
  return process.exit(exitCode)
}

/** The time of day. */
export const systemClock: Clock = {
  now: Date.now,
  zone: (time) => -new Date(time).getTimezoneOffset(),
}

function processHost(): Host {
  return {
    words: process.argv.slice(2),
    environment: process.env,
    stdout: { write: (bytes) => process.stdout.write(bytes) },
    stderr: { write: (text) => process.stderr.write(text) },
    terminal: process.stderr.isTTY === true,
    processId: process.pid,
    clock: systemClock,
    listen({ stop, reload, renew }) {
      process.on('SIGTERM', stop)
      process.on('SIGINT', stop)
      process.on('SIGHUP', reload)
      // Without a listener it would open Node's debugger to everybody on the machine.
      process.on('SIGUSR1', renew)
    },
    exit: (code) => process.exit(code),
  }
}
