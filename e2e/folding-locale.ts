/** A locale of our own in which letters beyond ASCII have a case: no package has to be installed for it. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes the locale `folding`, of ISO-8859-1, in a folder: a program finds it with that folder as LOCPATH. Throws if localedef fails. */
export function makeFoldingLocale(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'charmap'), charmap())
  writeFileSync(join(folder, 'source'), source())
  const args = ['-c', '--no-archive', '-i', 'source', '-f', './charmap', './folding']
  // It ends with 1 where a category has no definition: only LC_CTYPE has one.
  const { stderr } = spawnSync('localedef', args, { cwd: folder, encoding: 'utf8' })
  if (!existsSync(join(folder, 'folding/LC_CTYPE'))) throw new Error(`localedef: ${stderr}`)
}

function charmap(): string {
  const lines = range(0, 0xff).map((code) => `${symbol(code)} /x${hex(code, 2)} C${code}`)
  const head = '<code_set_name> ISO-8859-1\n<comment_char> %\n<escape_char> /\nCHARMAP\n'
  return `${head}${lines.join('\n')}\nEND CHARMAP\n`
}

function source(): string {
  const lower = [...range(0x61, 0x7a), ...range(0xe0, 0xf6), ...range(0xf8, 0xfe)]
  const upper = lower.map((code) => code - 0x20)
  const list = (codes: readonly number[]) => codes.map(symbol).join(';')
  const pairs = (from: readonly number[], to: readonly number[]) =>
    from.map((code, index) => `(${symbol(code)},${symbol(to[index] ?? code)})`).join(';')
  return `comment_char %
escape_char /
LC_CTYPE
upper ${list(upper)}
lower ${list(lower)}
alpha ${list([...upper, ...lower])}
digit ${list(range(0x30, 0x39))}
space ${list([...range(0x09, 0x0d), 0x20])}
toupper ${pairs(lower, upper)}
tolower ${pairs(upper, lower)}
END LC_CTYPE
`
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function symbol(code: number): string {
  return `<U${hex(code, 4)}>`
}

function hex(code: number, size: number): string {
  return code.toString(16).toUpperCase().padStart(size, '0')
}
