import { type Event, events } from '../observe/index.ts'
import { fullUsage, namesIn, type Option, type OptionTable } from '../options/index.ts'
import { program as acraAddzone } from './acra-addzone.ts'
import { program as acraAuthmanager } from './acra-authmanager.ts'
import { program as acraBackup } from './acra-backup.ts'
import { program as acraConnector } from './acra-connector.ts'
import { program as acraKeymaker } from './acra-keymaker.ts'
import { program as acraKeys } from './acra-keys.ts'
import { program as acraLogVerifier } from './acra-log-verifier.ts'
import { program as acraPoisonrecordmaker } from './acra-poisonrecordmaker.ts'
import { program as acraServer } from './acra-server.ts'
import { program as acraTokens } from './acra-tokens.ts'
import { program as acraTranslator } from './acra-translator.ts'
import { errorCodes } from './error-codes.ts'
import type { ErrorEntry } from './error-entry.ts'
import { type Program, type ProgramOfCommands, programOptions } from './program.ts'

/** A page of the documentation that is made from tables of the code. */
export interface Page {
  /** Relative to the root of the repository. */
  readonly path: string
  /** Markdown. */
  readonly content: string
}

/** The programs whose options have a page. */
const programs: readonly Program<OptionTable>[] = [
  acraAddzone,
  acraAuthmanager,
  acraBackup,
  acraConnector,
  acraKeymaker,
  acraPoisonrecordmaker,
  acraServer,
  acraTranslator,
]

/** The programs whose commands have a page. */
const programsOfCommands: readonly ProgramOfCommands[] = [acraKeys, acraLogVerifier, acraTokens]

/**
 * Every page that is made from the code: the options of each program, and the events and errors.
 */
export function documentation(): readonly Page[] {
  return [
    ...programs.map((program) => ({
      path: `docs/guide/options/${program.name}.md`,
      content: optionPage(program),
    })),
    ...programsOfCommands.map((program) => ({
      path: `docs/guide/options/${program.name}.md`,
      content: commandsPage(program),
    })),
    { path: 'docs/errors.md', content: errorPage(events, errorCodes) },
  ]
}

const GENERATED = '<!-- Written by tools/generate-docs.ts from the tables of the code. -->\n'

/** The page of a program of commands: a section for each. */
export function commandsPage(program: ProgramOfCommands): string {
  const { name, description, examples, withoutCommand, commands } = program
  const own = withoutCommand === undefined ? [] : optionSections(withoutCommand, '##').slice(2)
  const sections = [
    `${GENERATED}\n# Commands of ${name}\n`,
    `${description}\n`,
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`,
    'How options are given, and how a file of them looks: [README.md](README.md). They stand between the name of the command and its operands.\n',
    ...own,
    ...commands.flatMap((command) => {
      const operands = command.operands === undefined ? '' : ` ${command.operands}`
      return [`## ${command.name}${operands}\n`, ...optionSections(command, '###')]
    }),
  ]
  return sections.join('\n')
}

/** The page of a program: what it is for, what it takes, what it does not take yet. */
export function optionPage(program: Program<OptionTable>): string {
  const [description = '', examples = '', ...tables] = optionSections(program, '##')
  const sections = [
    `${GENERATED}\n# Options of ${program.name}\n`,
    description,
    examples,
    'How options are given, and how a file of them looks: [README.md](README.md).\n',
    ...tables,
  ]
  return sections.join('\n')
}

function optionSections(program: Program<OptionTable>, heading: '##' | '###'): string[] {
  const table = programOptions(program)
  return [
    `${program.description}\n`,
    `\`\`\`sh\n${program.examples.join('\n')}\n\`\`\`\n`,
    markdown(
      ['Option', 'Type', 'Default', 'Meaning'],
      namesIn(table, 'built').map((name) => builtRow(name, table[name]!)),
    ),
    ...waiting(table, heading),
    ...ignoredSection(table, heading),
  ]
}

function builtRow(name: string, option: Option): string[] {
  const only = option.commandLineOnly === true ? ' (command line only)' : ''
  return [code(name), typeName(option), shown(option), `${fullUsage(option)}${only}`]
}

function waiting(table: OptionTable, heading: string): string[] {
  const names = namesIn(table, 'waits')
  if (names.length === 0) return []
  const rows = names.map((name) => {
    const option = table[name]!
    return [code(name), shown(option), feature(option)]
  })
  return [
    `${heading} Known, not available yet\n`,
    'Names of Acra 0.90 to 0.96 whose feature does not exist here yet. The default, an empty string and `false` are accepted;\nevery other value is refused at start.\n',
    markdown(['Option', 'Default', 'Feature'], rows),
  ]
}

function feature({ availability }: Option): string {
  return availability.state === 'waits' ? availability.needs : ''
}

function ignoredSection(table: OptionTable, heading: string): string[] {
  const names = namesIn(table, 'ignored')
  if (names.length === 0) return []
  const rows = names.map((name) => {
    const { availability } = table[name]!
    return [code(name), availability.state === 'ignored' ? availability.because : '']
  })
  return [
    `${heading} Accepted, but without effect\n`,
    'Any other value than the default is told once, as a warning.\n',
    markdown(['Option', 'Why'], rows),
  ]
}

function typeName(option: Option): string {
  switch (option.type) {
    case 'string':
      return 'text'
    case 'bool':
      return 'boolean'
    case 'int':
    case 'uint':
      return 'number'
  }
}

function shown(option: Option): string {
  return option.default === '' ? '' : code(String(option.default))
}

/** The page of everything that can go wrong. */
export function errorPage(
  numbered: Readonly<Record<string, Event>>,
  named: Readonly<Record<string, ErrorEntry>>,
): string {
  const eventRows = Object.values(numbered)
    .sort((a, b) => a.code - b.code)
    .map((event) => [String(event.code), event.level, event.message, event.meaning, event.remedy])
  const codeRows = Object.entries(named)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { meaning, remedy, event }]) => [
      code(name),
      event === undefined ? '' : String(event.code),
      meaning,
      remedy,
    ])
  return [
    `${GENERATED}\n# Events and errors\n`,
    'A line of the log that reports an event has its number as `code`: in the header of a CEF line, as a member of a JSON object, as a field of\na plain line. Numbers below 2000 mean what they mean in Acra; ours begin at 2000. A number never changes its meaning. The message of a\nline may say more than the one below; `error` is the cause.\n',
    markdown(['Code', 'Level', 'Message', 'What happened', 'What to do'], eventRows),
    '## Errors\n',
    'The errors of the packages have a stable `code`, to be told apart by programs; messages may change. A program\nthat ends by one reports it as the event in the second column, or as 500.\n',
    markdown(['Code', 'Event', 'What happened', 'What to do'], codeRows),
  ].join('\n')
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.map(cell).join(' | ')} |\n`).join('')
}

function cell(content: string): string {
  return content.replaceAll('|', '\\|').replaceAll('<', '\\<')
}

function code(content: string): string {
  return `\`${content}\``
}
