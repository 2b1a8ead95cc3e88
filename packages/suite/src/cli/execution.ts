import { AcraError } from '../foundation/index.ts'
import {
  auditLogOptions,
  events,
  type Logger,
  loggingOptions,
  type Product,
} from '../observe/index.ts'
import {
  ConfigurationError,
  changed,
  configPath,
  dumpText,
  type GivenValues,
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
import { Audit, type AuditSettings } from './audit.ts'
import { chooseCommand } from './command-choice.ts'
import { errorCodes } from './error-codes.ts'
import type { Host } from './host.ts'
import {
  LogFileError,
  type LogLines,
  levelMessage,
  type ServiceLog,
  setUpServiceLog,
  setUpToolLog,
  startLog,
  toolLog,
} from './log-setup.ts'
import {
  joinedOptions,
  type Program,
  type ProgramOfCommands,
  programOptions,
  type ReloadHook,
} from './program.ts'
import { noProgress, progressBar } from './progress.ts'
import { Refusal } from './refusal.ts'
import { Reload } from './reload.ts'
import { suiteVersion, versionText } from './version.ts'

/** A program at work. */
export interface Running {
  /** The exit code (cli-tools.md §13), once the program has come to its end. Never rejects. */
  readonly exitCode: Promise<number>
  /** Tells an error that nobody expected; the exit code to end with at once. */
  fail(error: unknown): number
}

/** Starts a program, or the command of a program that the words ask for. */
export function start<T extends OptionTable>(
  program: Program<T> | ProgramOfCommands,
  host: Host,
): Running {
  return 'commands' in program ? startCommand(program, host) : running(new Execution(program, host))
}

function startCommand(program: ProgramOfCommands, host: Host): Running {
  const { withoutCommand } = program
  if (withoutCommand !== undefined && (host.words[0] ?? '-').startsWith('-'))
    return running(new Execution(withoutCommand, host, program))
  const choice = chooseCommand(program, host, toolLog(host))
  if (typeof choice === 'number') return { exitCode: Promise.resolve(choice), fail: () => choice }
  const { command, words } = choice
  return running(new Execution(command, { ...host, words }, program))
}

function running<T extends OptionTable>(execution: Execution<T>): Running {
  const exitCode = execution.run().catch((error: unknown) => execution.fail(error))
  return { exitCode, fail: (error) => execution.fail(error) }
}

type LoggingValues = OptionValues<typeof loggingOptions>
type AuditValues = AuditSettings['options']

/** How long a tool waits for another one that writes the same audit log. */
const TOOL_WAIT_SECONDS = 30

class Execution<T extends OptionTable> {
  readonly #program: Program<T>
  readonly #host: Host
  readonly #table: OptionTable
  /** What may stand in the configuration file: the commands of a program share one. */
  readonly #fileTable: OptionTable
  readonly #isCommand: boolean
  readonly #version = suiteVersion()
  #log: Logger
  #console: Logger
  #audit: Audit | null = null
  /** Of the last reload; null before the first. */
  #current: OptionValues<OptionTable> | null = null

  constructor(program: Program<T>, host: Host, within: ProgramOfCommands | null = null) {
    this.#program = program
    this.#host = host
    this.#table = programOptions(program)
    this.#fileTable = within === null ? this.#table : joinedOptions(within)
    this.#isCommand = within !== null && within.withoutCommand !== program
    this.#console = toolLog(host)
    this.#log = this.#console
  }

  get #product(): Product {
    return { name: this.#program.name.replace(' ', '-'), version: this.#version }
  }

  async run(): Promise<number> {
    const { given, rest, help } = parseCommandLine(this.#table, this.#host.words)
    if (help) {
      this.#host.stderr.write(usageText(this.#program, this.#table))
      return 0
    }
    if (rest.length > 0 && this.#program.operands === undefined) throw unexpected(rest[0]!)
    if (given.get('version')?.value === true) {
      this.#host.stdout.write(`${versionText(this.#program.name, this.#version)}\n`)
      return 0
    }
    if (given.get('dump_config')?.value === true) return this.#dump(given)
    const { kind, endsByItself } = this.#program
    const serves = kind === 'service' && endsByItself?.(given) !== true
    return serves ? this.#serve(given, rest) : this.#work(given, rest)
  }

  #dump(given: GivenValues): number {
    const path = this.#configPath(given)
    writeWhole(path, dumpText(this.#fileTable, this.#version))
    this.#log.info(`Config dumped to ${path}`)
    if (given.get('generate_markdown_args_table')?.value === true) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1)
      const [name = ''] = this.#program.name.split(' ', 1)
      const table = `${folder}markdown_${name}.md`
      writeWhole(table, markdownTable(name, this.#fileTable))
      this.#log.info(`Table of options written to ${table}`)
    }
    return 0
  }

  async #work(given: GivenValues, operands: readonly string[]): Promise<number> {
    const { values, warnings } = this.#settle(given)
    if (typeof values.logging_format === 'string') {
      this.#console = toolLog(this.#host, values.logging_format, this.#product)
      this.#log = this.#console
    }
    for (const warning of warnings) this.#log.warning(problemText(warning))
    if (this.#program.kind === 'tool' && values.audit_log_enable === true) {
      const audited = setUpToolLog(values as LoggingValues, this.#product, this.#host) // The rows of toolAuditOptions.
      await this.#beginAudit(values, audited, TOOL_WAIT_SECONDS)
      this.#log = audited.log
    }
    const lines: LogLines = {
      settings: { level: 'info', format: 'plaintext' },
      write: (line) => this.#host.stderr.write(line),
    }
    return this.#run(values, operands, lines, new AbortController().signal, () => {})
  }

  async #serve(given: GivenValues, operands: readonly string[]): Promise<number> {
    this.#log = startLog(given, this.#product, this.#host)
    const { values, warnings } = this.#settle(given)
    const serviceLog = this.#setUpLog(values)
    for (const warning of warnings) this.#log.warning(problemText(warning))
    const stop = new AbortController()
    let hook: ReloadHook<T> = () => {}
    const reload = new Reload(() => this.#reload(given, values, serviceLog, (next) => hook(next)))
    const renewal = new Reload(() => this.#renewAudit())
    this.#host.listen({
      stop: () => this.#stop(stop),
      reload: () => reload.request(),
      renew: () => renewal.request(),
    })
    await this.#beginAudit(values, serviceLog, 0)
    renewal.begin()
    return this.#run(values, operands, serviceLog.lines, stop.signal, (wanted) => {
      hook = wanted
      reload.begin()
    })
  }

  async #run(
    values: OptionValues<OptionTable>,
    operands: readonly string[],
    logLines: LogLines,
    stop: AbortSignal,
    onReload: (hook: ReloadHook<T>) => void,
  ): Promise<number> {
    const exitCode = await this.#program.run({
      options: values as OptionValues<T>, // The table holds every row of T.
      operands,
      log: this.#log,
      console: this.#console,
      logLines,
      version: this.#version,
      environment: this.#host.environment,
      stop,
      print: (bytes) => this.#host.stdout.write(bytes),
      progress: (title, total) =>
        this.#host.terminal
          ? progressBar(this.#host.stderr, this.#host.clock.now, title, total)
          : noProgress,
      onReload,
    })
    this.#audit?.end()
    return exitCode
  }

  #settle(given: GivenValues): Settled<OptionTable> {
    if (given.get('generate_markdown_args_table')?.value === true) {
      const text = '--generate_markdown_args_table works together with --dump_config only'
      throw new ConfigurationError([{ origin: null, text }])
    }
    const named = (given.get('config_file')?.value ?? '') !== ''
    const path = this.#configPath(given)
    return settle(this.#table, given, readConfigFile(path, this.#fileTable, this.#version, !named))
  }

  #configPath(given: GivenValues): string {
    const named = given.get('config_file')?.value
    return typeof named === 'string' && named !== '' ? named : configPath(this.#program.name)
  }

  #setUpLog(values: OptionValues<OptionTable>): ServiceLog {
    const options = values as LoggingValues // A service's table holds these rows.
    const product = this.#product
    const serviceLog = setUpServiceLog(options, product, this.#host)
    const { start } = serviceLog
    start.info(`Starting service ${product.name} [pid=${this.#host.processId}]`, {
      version: product.version,
    })
    start.info('Validating service configuration...')
    start.info(levelMessage(options))
    this.#log = serviceLog.log
    return serviceLog
  }

  async #beginAudit(
    values: OptionValues<OptionTable>,
    serviceLog: ServiceLog,
    waitSeconds: number,
  ): Promise<void> {
    const { audit } = serviceLog
    if (audit === null) return
    this.#audit = await Audit.begin({
      // Whoever has an audit log has a keystore; tools that write one have other names for its folder.
      options: {
        keys_dir: values.keys_output_dir ?? values.keys_private_dir,
        ...values,
      } as AuditValues,
      environment: this.#host.environment,
      serviceLog,
      audit,
      name: this.#product.name,
      now: this.#host.clock.now,
      waitSeconds,
    })
  }

  /** Where its key cannot be read, a service with an audit log does not go on (audit-log.md §1). */
  async #renewAudit(): Promise<void> {
    try {
      await this.#audit?.renew()
    } catch (error) {
      this.#tell(error, "Can't read audit log key, the service ends")
      this.#audit?.end()
      this.#host.exit(1)
    }
  }

  #stop(stop: AbortController): void {
    if (stop.signal.aborted) {
      this.#audit?.end()
      this.#host.exit(1)
    }
    this.#log.info('Stopping, a second signal ends at once')
    stop.abort()
  }

  async #reload(
    given: GivenValues,
    before: OptionValues<OptionTable>,
    serviceLog: ServiceLog,
    hook: ReloadHook<T>,
  ): Promise<void> {
    try {
      serviceLog.reopen()
      const { values } = this.#settle(given)
      for (const name of changed({ ...loggingOptions, ...auditLogOptions }, before, values)) {
        this.#log.warning(`${name} cannot change while the service runs, restart it`)
      }
      await hook(values as OptionValues<T>) // The table holds every row of T.
      const names = changed(this.#table, this.#current ?? before, values)
      this.#log.event(events.configurationRead, names.length === 0 ? {} : { changed: names })
      this.#current = values
    } catch (error) {
      this.#tell(error, "Can't read configuration again, the old one stays")
    }
  }

  /** Tells why the program ends; the exit code. */
  fail(error: unknown): number {
    const exitCode = this.#failed(error)
    this.#audit?.end()
    return exitCode
  }

  #failed(error: unknown): number {
    if (error instanceof UsageError) {
      const usage = usageText(this.#program, this.#table)
      this.#host.stderr.write(usageFailure(this.#program.name, error, usage))
      // A command of the original ends by 1 here, a program without commands by 2 (cli-tools.md §1).
      return this.#isCommand ? 1 : 2
    }
    this.#tell(error)
    return 1
  }

  #tell(error: unknown, message?: string): void {
    if (error instanceof ConfigurationError) {
      for (const problem of error.problems) {
        const event =
          problem.origin === null ? events.wrongParameter : events.cannotReadConfiguration
        this.#log.event(event, { error: problemText(problem) }, message)
      }
      return
    }
    if (error instanceof LogFileError) {
      const said = "Can't initialise output writer for logging customization"
      this.#log.event(events.errorGeneral, { error }, said)
      return
    }
    if (error instanceof Refusal) {
      this.#log.event(error.event, { error: error.cause }, error.message)
      return
    }
    if (error instanceof AcraError) {
      const event = errorCodes[error.code]?.event
      for (const told of toldLines(error)) {
        this.#log.event(
          event ?? events.errorGeneral,
          { error: told },
          message ?? (event ? undefined : "Can't go on"),
        )
      }
      return
    }
    const { code } = events.errorGeneral
    this.#log.log('fatal', message ?? 'Unexpected error', { code, error })
    if (error instanceof Error) this.#log.debug('Where it happened', { stack: error.stack })
  }
}

/** An error whose message lists several things, one to a line, is told as several lines. */
function toldLines(error: AcraError): readonly (AcraError | string)[] {
  const [head, ...lines] = error.message.split('\n')
  return lines.length === 0 ? [error] : lines.map((line) => `${head}: ${line}`)
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
