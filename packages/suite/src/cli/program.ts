import { AcraError, type Soon } from '../foundation/index.ts'
import { events, type Logger, loggingOptions } from '../observe/index.ts'
import {
  ConfigurationError,
  configurationOptions,
  dumpText,
  type GivenValues,
  joined,
  markdownTable,
  type OptionTable,
  type OptionValues,
  parseCommandLine,
  problemText,
  readConfigFile,
  type Settled,
  settle,
  UsageError,
  usageText,
  writeWhole,
} from '../options/index.ts'
import type { Host } from './host.ts'
import { levelMessage, setUpServiceLog, toolLog } from './log-setup.ts'
import { suiteVersion, versionText } from './version.ts'

/** A program of the suite: what it is called and takes, and what it does. */
export interface Program<T extends OptionTable> {
  readonly name: string
  /**
   * A service has the logging options, tells its start, and gets SIGTERM, SIGINT and SIGHUP as events. A tool logs on stderr at level info and
   * is ended by signals.
   */
  readonly kind: 'service' | 'tool'
  /** What it is for, in a sentence or two: the head of `--help`. */
  readonly description: string
  /** Command lines to copy. */
  readonly examples: readonly string[]
  /** Its own options; those for configuration, and for the log of a service, are added. */
  readonly options: T
  /** Does the work and answers with the exit code: 0, or 1 for an error that it has logged itself. May throw. */
  run(context: ProgramContext<T>): Soon<number>
}

/** What a program is given to work with. */
export interface ProgramContext<T extends OptionTable> {
  readonly options: OptionValues<T>
  readonly log: Logger
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by the first SIGTERM or SIGINT; a second one ends the process at once. Services only. */
  readonly stop: AbortSignal
  /** Writes a result, newline included where one is due, to stdout. Everything else goes to the log. */
  print(text: string): void
  /**
   * Called on SIGHUP with the options read anew, one call at a time. Where they cannot be read, that is logged and there is no call; where
   * the hook throws, that is logged and the service goes on as it was. Services only.
   */
  onReload(hook: (options: OptionValues<T>) => Soon<void>): void
}

/** All options of a program: its own, and those that its kind adds. */
export function programOptions<T extends OptionTable>(program: Program<T>): OptionTable {
  const common = joined(configurationOptions, program.options)
  return program.kind === 'service' ? joined(loggingOptions, common) : common
}

/** A program at work. */
export interface Running {
  /** The exit code (cli-tools.md §13), once the program has come to its end. Never rejects. */
  readonly exitCode: Promise<number>
  /** Tells an error that nobody expected; the exit code to end with at once. */
  fail(error: unknown): number
}

/** Starts a program. */
export function start<T extends OptionTable>(program: Program<T>, host: Host): Running {
  const execution = new Execution(program, host)
  const exitCode = execution.run().catch((error: unknown) => execution.fail(error))
  return { exitCode, fail: (error) => execution.fail(error) }
}

type Common = typeof configurationOptions & typeof loggingOptions

class Execution<T extends OptionTable> {
  readonly #program: Program<T>
  readonly #host: Host
  readonly #table: OptionTable
  readonly #version = suiteVersion()
  #log: Logger

  constructor(program: Program<T>, host: Host) {
    this.#program = program
    this.#host = host
    this.#table = programOptions(program)
    this.#log = toolLog(host)
  }

  async run(): Promise<number> {
    const { given, rest, help } = parseCommandLine(this.#table, this.#host.words)
    if (help) {
      this.#host.stderr.write(usageText(this.#program, this.#table))
      return 0
    }
    if (rest.length > 0) throw unexpected(rest[0]!)
    if (given.get('version')?.value === true) {
      this.#host.stdout.write(`${versionText(this.#program.name, this.#version)}\n`)
      return 0
    }
    if (given.get('dump_config')?.value === true) return this.#dump(given)
    return this.#work(given)
  }

  #dump(given: GivenValues): number {
    const path = this.#configPath(given)
    writeWhole(path, dumpText(this.#table, this.#version))
    this.#log.info(`Config dumped to ${path}`)
    if (given.get('generate_markdown_args_table')?.value === true) {
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : ''
      const table = `${folder}markdown_${this.#program.name}.md`
      writeWhole(table, markdownTable(this.#program.name, this.#table))
      this.#log.info(`Table of options written to ${table}`)
    }
    return 0
  }

  async #work(given: GivenValues): Promise<number> {
    const settled = this.#settle(given)
    const stop = new AbortController()
    const reload = new Reload<T>()
    const service = this.#program.kind === 'service' ? this.#startService(settled) : null
    for (const warning of settled.warnings) this.#log.warning(problemText(warning))
    if (service !== null) {
      this.#host.listen({
        stop: () => this.#stop(stop),
        reload: () => this.#reload(reload, given, service.reopen),
      })
    }
    return this.#program.run({
      options: settled.values as OptionValues<T>, // The table holds every row of T.
      log: this.#log,
      version: this.#version,
      environment: this.#host.environment,
      stop: stop.signal,
      print: (text) => this.#host.stdout.write(text),
      onReload: (hook) => reload.set(hook),
    })
  }

  #settle(given: GivenValues): Settled<OptionTable> {
    if (given.get('generate_markdown_args_table')?.value === true) {
      const text = '--generate_markdown_args_table works together with --dump_config only'
      throw new ConfigurationError([{ origin: null, text }])
    }
    const named = (given.get('config_file')?.value ?? '') !== ''
    const path = this.#configPath(given)
    return settle(this.#table, given, readConfigFile(path, this.#table, this.#version, !named))
  }

  #configPath(given: GivenValues): string {
    const named = given.get('config_file')?.value
    return typeof named === 'string' && named !== '' ? named : `configs/${this.#program.name}.yaml`
  }

  #startService(settled: Settled<OptionTable>) {
    const options = settled.values as OptionValues<Common> // A service's table holds these rows.
    const product = { name: this.#program.name, version: this.#version }
    const { log, startLog, reopen } = setUpServiceLog(options, product, this.#host)
    const starting = `Starting service ${product.name} [pid=${this.#host.processId}]`
    startLog.info(starting, { version: product.version })
    startLog.info('Validating service configuration...')
    startLog.info(levelMessage(options))
    this.#log = log
    return { reopen }
  }

  #stop(stop: AbortController): void {
    if (stop.signal.aborted) this.#host.exit(1)
    this.#log.info('Received a signal to stop')
    stop.abort()
  }

  #reload(reload: Reload<T>, given: GivenValues, reopen: () => void): void {
    reload.request(async (hook) => {
      try {
        reopen()
        const { values } = this.#settle(given)
        await hook(values as OptionValues<T>) // The table holds every row of T.
        this.#log.info('Configuration was read again')
      } catch (error) {
        this.#tell(error, 'Configuration could not be read again, the old one stays')
      }
    })
  }

  /** Tells why the program ends; the exit code. */
  fail(error: unknown): number {
    if (error instanceof UsageError) {
      this.#host.stderr.write(
        usageFailure(this.#program.name, error, usageText(this.#program, this.#table)),
      )
      return 2
    }
    this.#tell(error)
    return 1
  }

  #tell(error: unknown, message?: string): void {
    if (error instanceof ConfigurationError) {
      for (const problem of error.problems) {
        const text = new AcraError(error.code, problemText(problem))
        this.#log.event(events.cannotReadConfiguration, { error: text }, message)
      }
      return
    }
    if (error instanceof AcraError) {
      this.#log.event(events.errorGeneral, { error }, message ?? `Can't go on`)
      return
    }
    const { code } = events.errorGeneral
    this.#log.log('fatal', message ?? 'Unexpected error', { code, error })
    if (error instanceof Error) this.#log.debug('Where it happened', { stack: error.stack })
  }
}

/** Runs the hook of a program once per request, never two at a time; requests that come meanwhile become one more run. */
class Reload<T extends OptionTable> {
  #hook: ((options: OptionValues<T>) => Soon<void>) | null = null
  #running = false
  #again = false

  set(hook: (options: OptionValues<T>) => Soon<void>): void {
    this.#hook = hook
  }

  request(work: (hook: (options: OptionValues<T>) => Soon<void>) => Promise<void>): void {
    if (this.#running) {
      this.#again = true
      return
    }
    this.#running = true
    work(this.#hook ?? (() => {})).then(() => {
      this.#running = false
      if (!this.#again) return
      this.#again = false
      this.request(work)
    })
  }
}

function unexpected(word: string): UsageError {
  return new UsageError(
    `unexpected argument: ${word}`,
    'options begin with a dash; a boolean takes its value after "=", as in --d=false',
  )
}

function usageFailure(program: string, error: UsageError, usage: string): string {
  const hint = error.hint === null ? '' : `; ${error.hint}`
  return `${error.message}\n${usage}\n${program}: ${error.message}${hint}\n`
}
