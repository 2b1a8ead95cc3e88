import type { Logger } from '../observe/index.ts'
import {
  configurationOptions,
  nearest,
  type OptionTable,
  parseCommandLine,
  UsageError,
  usageText,
} from '../options/index.ts'
import type { Host } from './host.ts'
import type { Program, ProgramOfCommands } from './program.ts'
import { suiteVersion, versionText } from './version.ts'

/** A command, and its own words: options that stood before its name come first. */
interface ChosenCommand {
  readonly command: Program<OptionTable>
  readonly words: readonly string[]
}

/**
 * Finds the command that the words of a program ask for. Where they ask for none, says what there is to say; the result is
 * the exit code then. spec: cli-tools §6
 */
export function chooseCommand(
  program: ProgramOfCommands,
  host: Host,
  log: Logger,
): ChosenCommand | number {
  const usage = () =>
    usageText(
      { ...program, operands: '<command> [options]', commands: summaries(program) },
      configurationOptions,
    )
  try {
    const { given, rest, help } = parseCommandLine(configurationOptions, host.words)
    if (help) {
      host.stderr.write(usage())
      return 0
    }
    if (given.get('version')?.value === true) {
      host.stdout.write(`${versionText(program.name, suiteVersion())}\n`)
      return 0
    }
    const before = host.words.slice(0, host.words.length - rest.length)
    // Every command writes the same file.
    if (given.get('dump_config')?.value === true)
      return { command: program.commands[0]!, words: before }
    return chosen(program, before, rest, log)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const hint = error.hint === null ? '' : `; ${error.hint}`
    host.stderr.write(`${error.message}\n${usage()}\n${program.name}: ${error.message}${hint}\n`)
    return 2
  }
}

function chosen(
  program: ProgramOfCommands,
  before: readonly string[],
  [name, ...words]: readonly string[],
  log: Logger,
): ChosenCommand | number {
  const names = program.commands.map(commandName)
  if (name === undefined) {
    log.info('No command specified', { supported: `[${names.join(' ')}]` })
    return 0
  }
  const command = program.commands.find((one) => commandName(one) === name)
  if (command !== undefined) return { command, words: [...before, ...words] }
  const close = nearest(name, names)
  const hint = close === null ? {} : { hint: `did you mean ${close}?` }
  log.error(`Unknown command: ${name}`, { expected: `[${names.join(' ')}]`, ...hint, code: 508 })
  return 1
}

/** `list` of `acra-keys list`. */
function commandName({ name }: Program<OptionTable>): string {
  return name.slice(name.indexOf(' ') + 1)
}

/** The first sentence of each description. */
function summaries({ commands }: ProgramOfCommands) {
  return commands.map((command) => {
    const [summary = ''] = command.description.split('. ')
    return [commandName(command), summary.replace(/\.$/, '')] as const
  })
}
