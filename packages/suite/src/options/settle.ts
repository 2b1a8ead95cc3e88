import { ConfigurationError, type Problem } from './errors.ts'
import {
  flagName,
  type Option,
  type OptionTable,
  type OptionValue,
  type OptionValues,
  optionOf,
} from './option.ts'

/**
 * A value that somebody gave, and where: `configs/acra-server.yaml:3:1`, or null for the command
 * line.
 */
export interface Given {
  readonly value: OptionValue
  readonly origin: string | null
}

export type GivenValues = ReadonlyMap<string, Given>

/** The settings of a program, and what is to be said about them once. */
export interface Settled<T extends OptionTable> {
  readonly values: OptionValues<T>
  /** Known names that do nothing and were given a value other than their default; secrets on the command line. */
  readonly warnings: readonly Problem[]
}

/**
 * Joins what was given: command line, else file, else the general flag's (in the same order), else
 * the default (cli-tools.md §2.1).
 *
 * @throws ConfigurationError where a value asks for what does not exist yet: all such values at
 * once.
 */
export function settle<T extends OptionTable>(
  table: T,
  commandLine: GivenValues,
  file: GivenValues,
): Settled<T> {
  const values: Record<string, OptionValue> = {}
  const release = (commandLine.get('compatibility') ?? file.get('compatibility'))?.value
  for (const [name, option] of Object.entries(table)) {
    values[name] =
      find(table, name, option, commandLine, file)?.value ?? initial(table, option, release)
  }
  const problems: Problem[] = []
  const warnings: Problem[] = []
  // What is told comes in the order in which it was given.
  for (const [name, given] of new Map([...commandLine, ...file, ...commandLine])) {
    const option = optionOf(table, name)
    if (option === undefined) continue
    problems.push(...refusal(name, option, given))
    warnings.push(...warning(name, option, given))
  }
  const [first, ...others] = problems
  if (first !== undefined) throw new ConfigurationError([first, ...others])
  // Every name has a value of its row's type.
  return { values: Object.freeze(values) as OptionValues<T>, warnings }
}

/** The names of `table` whose values differ. */
export function changed(
  table: OptionTable,
  before: OptionValues<OptionTable>,
  after: OptionValues<OptionTable>,
): string[] {
  return Object.keys(table).filter((name) => before[name] !== after[name])
}

/** The value where nobody gave one; "as the general flag says" is that flag's own. */
function initial(
  table: OptionTable,
  option: Option,
  release: OptionValue | undefined,
): OptionValue {
  if (release === '0.90' && option.in090 !== undefined) return option.in090
  const general = option.general === undefined ? undefined : table[option.general]
  return general !== undefined && general.standsAlone !== true && option.default === option.unset
    ? general.default
    : option.default
}

function find(
  table: OptionTable,
  name: string,
  option: Option,
  commandLine: GivenValues,
  file: GivenValues,
): Given | null {
  // The commands of a program share a file: a name in it may be another option there.
  const inFile = option.commandLineOnly === true ? undefined : file.get(name)
  const own = commandLine.get(name) ?? inFile ?? null
  if (option.general === undefined) return own
  if (own !== null && own.value !== option.unset) return own
  const general = table[option.general]
  if (general === undefined || general.standsAlone === true) return own
  return find(table, option.general, general, commandLine, file)
}

function refusal(name: string, option: Option, given: Given): Problem[] {
  if (option.availability.state !== 'waits') return []
  const { needs, off } = option.availability
  if (given.value === option.default || off.includes(given.value)) return []
  const text = `${asked(name, option, given)} asks for ${needs}, which this version does not have yet; leave it out`
  return [{ origin: given.origin, text }]
}

function warning(name: string, option: Option, given: Given): Problem[] {
  if (option.secret === true && given.origin === null && given.value !== option.default) {
    const text = `${asked(name, option, given)} can be read by every user of this machine as long as the program runs; set it in the configuration file`
    return [{ origin: null, text }]
  }
  if (option.availability.state !== 'ignored' || given.value === option.default) return []
  const text = `${asked(name, option, given)} has no effect: ${option.availability.because}`
  return [{ origin: given.origin, text }]
}

/** The setting as it was written: `--name=value`, or `name: value` in a file. */
function asked(name: string, option: Option, { value, origin }: Given): string {
  const shown = option.secret === true ? '...' : value
  return origin === null ? `${flagName(name)}=${shown}` : `"${name}: ${shown}"`
}
