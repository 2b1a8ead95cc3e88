import type { Soon } from '../foundation/index.ts'
import { type Logger, loggingOptions } from '../observe/index.ts'
import {
  configurationOptions,
  type GivenValues,
  joined,
  type OptionTable,
  type OptionValues,
} from '../options/index.ts'
import type { LogLines } from './log-setup.ts'
import type { Progress } from './progress.ts'

/** A program of the suite: what it is called and takes, and what it does. */
export interface Program<T extends OptionTable> {
  readonly name: string
  /**
   * A service has the logging options, tells its start, and gets SIGTERM, SIGINT and SIGHUP as
   * events. A tool logs on stderr at level info and is ended by signals.
   */
  readonly kind: 'service' | 'tool'
  /** Of a service: true where the options ask for something after which it ends. It logs as a tool then, and ends as one. */
  readonly endsByItself?: (given: GivenValues) => boolean
  /** What it is for, in a sentence or two: the head of `--help`. */
  readonly description: string
  /** Command lines to copy. */
  readonly examples: readonly string[]
  /** What may follow the options, as `--help` shows it; absent where nothing may. */
  readonly operands?: string
  /** Its own options; those for configuration, and for the log of a service, are added. */
  readonly options: T
  /**
   * Does the work and answers with the exit code: 0, or 1 for an error that it has logged itself.
   * What it throws is logged and ends the program with 1.
   */
  run(context: ProgramContext<T>): Soon<number>
}

/** A program of several commands, each with options of its own: `acra-keys list --json`. */
export interface ProgramOfCommands {
  readonly name: string
  /** The head of `--help`. */
  readonly description: string
  readonly examples: readonly string[]
  /** What the program does where its first word is no command but an option; absent where it does nothing then. */
  readonly withoutCommand?: Program<OptionTable>
  /** Tools, each called `PROGRAM COMMAND`. */
  readonly commands: readonly Program<OptionTable>[]
}

/** What a program is given to work with. */
export interface ProgramContext<T extends OptionTable> {
  readonly options: OptionValues<T>
  /** The words behind the options. */
  readonly operands: readonly string[]
  readonly log: Logger
  /** Stderr alone, for what must not stand in a file: a secret that a tool shows its user once. */
  readonly console: Logger
  /** The same log, for lines that other processes of a service have formatted. */
  readonly logLines: LogLines
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /**
   * Aborted by the first SIGTERM or SIGINT; a second one ends the process at once. Services only.
   */
  readonly stop: AbortSignal
  /**
   * Writes a result, newline included where one is due, to stdout. Everything else goes to the log.
   */
  print(text: string | Uint8Array): void
  /** Shows how far a long piece of work is, where stderr is a terminal. */
  progress(title: string, total: number): Progress
  /**
   * Called on SIGHUP with the options read anew, one call at a time. Where they cannot be read,
   * that is logged and there is no call; where the hook throws, that is logged and the service goes
   * on as it was. A SIGHUP that came before is made up for. Services only.
   */
  onReload(hook: ReloadHook<T>): void
}

export type ReloadHook<T extends OptionTable> = (options: OptionValues<T>) => Soon<void>

/** All options that stand in the file of a program of commands; where two commands have the same name, the first one's row. */
export function joinedOptions({ withoutCommand, commands }: ProgramOfCommands): OptionTable {
  const all = withoutCommand === undefined ? commands : [withoutCommand, ...commands]
  const tables = all.map(programOptions).toReversed()
  return Object.assign({}, ...tables)
}

/** All options of a program: its own, and those that its kind adds. */
export function programOptions(program: Program<OptionTable>): OptionTable {
  const common = joined(configurationOptions, program.options)
  return program.kind === 'service' ? joined(loggingOptions, common) : common
}
