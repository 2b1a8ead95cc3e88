import { goQuote } from './go-text.ts'
import { flagName, type Option, type OptionTable } from './option.ts'

/** What the usage text says of a program besides its options. */
export interface UsageHead {
  readonly name: string
  /** A sentence or two. */
  readonly description: string
  /** Command lines to copy. */
  readonly examples: readonly string[]
  /** What may follow the options (`<command> [options]`); empty where nothing may. */
  readonly operands?: string
  /** The commands of a program that has several: name, and what it does. */
  readonly commands?: readonly (readonly [name: string, summary: string])[]
}

const WIDTH = 98

/**
 * The text of `--help`: what the program is for, examples, then every flag in the layout of Go's
 * `flag`.
 */
export function usageText(head: UsageHead, table: OptionTable): string {
  const operands = head.operands === undefined ? '' : ` ${head.operands}`
  const parts = [
    wrap(head.description.split(' ')),
    `Usage: ${head.name} [options]${operands}\n`,
    listed('Commands:', commandLines(head.commands ?? [])),
    listed('Examples:', head.examples),
    `Options may also stand in ${configPath(head.name)}, or in the file of --config_file, one "name: value" per\nline below "version: 0.96.0"; the command line wins. --dump_config writes such a file.\n`,
    `Options (--name=value or --name value; a boolean takes a value only after "="):\n${flagBlocks(table)}`,
    wrapped(
      'Not available yet (the options of Acra for it are known and refused):',
      features(table),
    ),
    wrapped('Accepted, but without effect:', namesIn(table, 'ignored')),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/**
 * Where a program looks for its configuration file by itself, relative to the working directory. The commands of a program share one.
 */
export function configPath(program: string): string {
  return `configs/${program.split(' ', 1)[0]}.yaml`
}

function commandLines(commands: NonNullable<UsageHead['commands']>): string[] {
  const width = Math.max(0, ...commands.map(([name]) => name.length))
  return commands.map(([name, summary]) => `${name.padEnd(width)}  ${summary}`)
}

/** The built options as Go's `flag` prints them, sorted by name (cli-tools.md §1). */
export function flagBlocks(table: OptionTable): string {
  return namesIn(table, 'built')
    .map((name) => flagBlock(name, table[name]!))
    .join('')
}

function flagBlock(name: string, option: Option): string {
  return `  ${flagName(name)}\n    \t${fullUsage(option)}${shownDefault(option)}\n`
}

/** What an option means, and which values it takes where that is not all of its type. */
export function fullUsage(option: Option): string {
  const { in090 } = option
  return in090 === undefined
    ? usageOf(option)
    : `${usageOf(option)}; with compatibility=0.90 the default is ${in090}`
}

function usageOf({ usage, choices, min, max }: Option): string {
  if (choices !== undefined) return `${usage}: ${choices.filter((one) => one !== '').join(' or ')}`
  if (min !== undefined && max !== undefined) return `${usage}; ${min} to ${max}`
  return min === undefined ? usage : `${usage}; at least ${min}`
}

function shownDefault(option: Option): string {
  const value = option.default
  if (value === '' || value === 0 || value === false) return ''
  return ` (default ${typeof value === 'string' ? goQuote(value) : value})`
}

/** The names of the rows in one state of availability, sorted. */
export function namesIn(table: OptionTable, state: Option['availability']['state']): string[] {
  return Object.keys(table)
    .filter((name) => table[name]!.availability.state === state)
    .sort()
}

function listed(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`
}

/** What the waiting rows wait for, each once. */
function features(table: OptionTable): string[] {
  const needs = Object.values(table).flatMap(({ availability }) =>
    availability.state === 'waits' ? [availability.needs] : [],
  )
  return [...new Set(needs)].sort()
}

function wrapped(title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  const words = items.map((item, at) => (at === items.length - 1 ? item : `${item},`))
  return listed(title, wrap(words).trimEnd().split('\n'))
}

/** Words in lines of at most WIDTH characters. */
function wrap(words: readonly string[]): string {
  let column = 0
  let text = ''
  for (const word of words) {
    const fits = column + 1 + word.length <= WIDTH
    text += column === 0 ? word : `${fits ? ' ' : '\n'}${word}`
    column = column === 0 || !fits ? word.length : column + 1 + word.length
  }
  return `${text}\n`
}
