import { UsageError } from './errors.ts'
import { goQuote } from './go-text.ts'
import { nearest } from './nearest.ts'
import { flagName, type Option, type OptionTable, optionOf } from './option.ts'
import type { Given } from './settle.ts'
import { readArgument } from './value.ts'

/** What the command line says. */
export interface CommandLine {
  /** Flags that were given, by name; the last of several holds. */
  readonly given: ReadonlyMap<string, Given>
  /** What stands behind the first word that is no flag, or behind `--`. */
  readonly rest: readonly string[]
  /** True where `-h`, `-help` or `--help` came before anything wrong. */
  readonly help: boolean
}

/**
 * Reads `words` (without the program's own name) by the rules of Go's `flag` (cli-tools.md §1). Ours: `-` and `_` inside a name mean the same.
 *
 * @throws UsageError with Go's text: unknown flag, bad syntax, bad or missing value.
 */
export function parseCommandLine(table: OptionTable, words: readonly string[]): CommandLine {
  const given = new Map<string, Given>()
  let at = 0
  while (at < words.length) {
    const word = words[at]!
    if (word.length < 2 || word[0] !== '-') break
    at++
    if (word === '--') break
    const { name: written, inline } = split(word)
    const name = known(table, written)
    const option = optionOf(table, name)
    if (option === undefined) {
      if (name === 'help' || name === 'h') return { given, rest: [], help: true }
      throw unknownFlag(table, name)
    }
    const source = inline ?? (option.type === 'bool' ? 'true' : words[at++])
    if (source === undefined) throw new UsageError(`flag needs an argument: -${name}`)
    given.set(name, { value: argumentValue(name, option, source), origin: null })
  }
  return { given, rest: words.slice(at), help: false }
}

function split(word: string): { name: string; inline: string | undefined } {
  const body = word.slice(word[1] === '-' ? 2 : 1)
  if (body === '' || body[0] === '-' || body[0] === '=') {
    throw new UsageError(`bad flag syntax: ${word}`)
  }
  const equals = body.indexOf('=')
  if (equals === -1) return { name: body, inline: undefined }
  return { name: body.slice(0, equals), inline: body.slice(equals + 1) }
}

/** The name as the table has it: `--dry-run` is `--dry_run`, and the reverse. */
function known(table: OptionTable, name: string): string {
  const spellings = [name, name.replaceAll('-', '_'), name.replaceAll('_', '-')]
  return spellings.find((one) => optionOf(table, one) !== undefined) ?? name
}

function argumentValue(name: string, option: Option, source: string) {
  const read = readArgument(option, source)
  if (read.ok) return read.value
  const shown = option.secret === true ? '"..."' : goQuote(source)
  throw new UsageError(
    option.type === 'bool'
      ? `invalid boolean value ${shown} for -${name}: ${read.reason}`
      : `invalid value ${shown} for flag -${name}: ${read.reason}`,
  )
}

function unknownFlag(table: OptionTable, name: string): UsageError {
  const close = nearest(name, Object.keys(table))
  return new UsageError(
    `flag provided but not defined: -${name}`,
    close === null ? null : `did you mean ${flagName(close)}?`,
  )
}
