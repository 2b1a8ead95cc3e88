import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigurationError } from './errors.ts'
import type { OptionTable } from './option.ts'
import { fullUsage, namesIn } from './usage.ts'

/**
 * The configuration file that `--dump_config` writes: the version header, then usage and default of
 * every option that can be set in a file (cli-tools.md §2.1). Options whose feature does not exist
 * yet are left out.
 */
export function dumpText(table: OptionTable, version: string): string {
  const entries = fileOptions(table).map((name) => {
    const option = table[name]!
    return `# ${fullUsage(option)}\n${name}: ${option.default}\n\n`
  })
  return `version: ${version}\n${entries.join('')}`
}

/** The table of `--generate_markdown_args_table`. */
export function markdownTable(program: string, table: OptionTable): string {
  const rows = fileOptions(table).map((name) => {
    const option = table[name]!
    return `||${cell(name)}||${cell(String(option.default))}|${cell(fullUsage(option))}|\n`
  })
  return `|${program}|||||\n|:-:|:-:|:-:|:-:|:-:|\n${rows.join('')}`
}

function cell(content: string): string {
  return content.replaceAll('|', '\\|')
}

function fileOptions(table: OptionTable): string[] {
  return namesIn(table, 'built').filter((name) => table[name]!.commandLineOnly !== true)
}

/**
 * Writes a file so that it is there as a whole or as it was. Missing folders are made with mode
 * 0744. A symbolic link is not followed and not replaced.
 *
 * @throws ConfigurationError where the path cannot be written.
 */
export function writeWhole(path: string, content: string): void {
  const folder = dirname(path)
  const draft = join(folder, `.${randomUUID()}.draft`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o744 })
    refuseSpecial(path)
    writeDraft(draft, content)
    renameSync(draft, path)
  } catch (error) {
    discard(draft)
    if (error instanceof ConfigurationError) throw error
    const { code } = error as NodeJS.ErrnoException
    const text = `cannot be written (${code ?? 'unknown reason'})`
    throw new ConfigurationError([{ origin: path, text }], { cause: error })
  }
}

/** Removes a draft, if it came to that. The error that brought us here is the one to tell. */
function discard(draft: string): void {
  try {
    unlinkSync(draft)
  } catch {
    // It was never made, or is not ours any more: there is nothing to discard.
  }
}

function refuseSpecial(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.isFile()) return
  const text = found.isSymbolicLink()
    ? 'is a symbolic link and is not written through; name the file itself'
    : 'exists and is not a file'
  throw new ConfigurationError([{ origin: path, text }])
}

function writeDraft(path: string, content: string): void {
  const file = openSync(path, 'wx', 0o644)
  try {
    writeSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
