import {
  Composer,
  type CST,
  type Document,
  isMap,
  isScalar,
  Lexer,
  LineCounter,
  type Pair,
  Parser,
  Scalar,
  YAMLParseError,
} from 'yaml'
import { ConfigurationError, type Problem } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { type Option, type OptionTable, optionOf } from '../option.ts'
import type { Given, GivenValues } from '../settle.ts'
import { readScalar } from '../value.ts'
import { versionRefusal } from '../version.ts'
import { readTextFile } from './text-file.ts'

/** Bytes of a configuration file at most. */
export const CONFIG_FILE_SIZE_MAX = 1024 * 1024

const DEPTH_MAX = 32

/**
 * Reads a configuration file: a flat map of flag names with a `version` header (cli-tools.md §2.1).
 * A file that `mayBeMissing` and is not there says nothing.
 *
 * @throws ConfigurationError with everything that is wrong, by line and column.
 */
export function readConfigFile(
  path: string,
  table: OptionTable,
  ownVersion: string,
  mayBeMissing: boolean,
): GivenValues {
  const source = readTextFile(path, CONFIG_FILE_SIZE_MAX, mayBeMissing)
  return source === null ? new Map() : parseConfig(source, path, table, ownVersion)
}

/**
 * Reads the text of a configuration file; `path` is only what messages call it. Same errors as
 * `readConfigFile`.
 */
export function parseConfig(
  source: string,
  path: string,
  table: OptionTable,
  ownVersion: string,
): GivenValues {
  const lines = new LineCounter()
  const origin = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${path}:${line}:${col}`
  }
  lines.addNewLine(0)
  const document = compose(source, lines)
  if (typeof document === 'number') {
    const text = `values are nested deeper than ${DEPTH_MAX} levels`
    throw new ConfigurationError([{ origin: origin(document), text }])
  }
  const [broken] = document.errors
  if (broken !== undefined) {
    throw new ConfigurationError([{ origin: origin(broken.pos[0]), text: syntaxText(broken.code) }])
  }
  const { contents } = document
  if (contents === null || (isScalar(contents) && isNull(contents))) return new Map()
  if (!isMap(contents)) {
    const at = origin(contents.range?.[0] ?? 0)
    throw new ConfigurationError([{ origin: at, text: 'expects lines of the form "name: value"' }])
  }
  return new Entries(table, ownVersion, origin).read(contents.items as Pair[], path)
}

/**
 * The document, or the offset where it nests too deeply: composing recurses, and would exhaust the
 * stack. Every scalar stays the text that it is in the file: the option's type says what it means.
 */
function compose(source: string, lines: LineCounter): Document.Parsed | number {
  const parser = new Parser((offset) => lines.addNewLine(offset))
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > DEPTH_MAX) return parser.offset
  }
  for (const token of parser.end()) tokens.push(token)
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false })
  const [document, second] = composer.compose(tokens, true, source.length)
  if (second !== undefined) {
    document!.errors.push(
      new YAMLParseError(second.range.slice(0, 2) as [number, number], 'MULTIPLE_DOCS', ''),
    )
  }
  return document! // Composing to the end always gives one.
}

function syntaxText(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return `not valid YAML (${words})`
}

/** Reads the entries of the map one by one and gathers what is wrong with them. */
class Entries {
  readonly #table: OptionTable
  readonly #ownVersion: string
  readonly #origin: (offset: number) => string
  readonly #given = new Map<string, Given>()
  readonly #seen = new Map<string, string>()
  readonly #problems: Problem[] = []
  #isOf090 = false

  constructor(table: OptionTable, ownVersion: string, origin: (offset: number) => string) {
    this.#table = table
    this.#ownVersion = ownVersion
    this.#origin = origin
  }

  read(pairs: readonly Pair[], path: string): GivenValues {
    this.#isOf090 = pairs.some(
      ({ key, value }) => isScalar(key) && key.value === 'version' && isOf090(value),
    )
    for (const pair of pairs) this.#entry(pair)
    if (pairs.length > 0 && !this.#seen.has('version')) {
      const text = 'config hasn\'t version key; add a line such as "version: 0.96.0"'
      this.#problems.unshift({ origin: path, text })
    }
    const [first, ...others] = this.#problems
    if (first !== undefined) throw new ConfigurationError([first, ...others])
    const release = optionOf(this.#table, 'compatibility')
    if (this.#isOf090 && release !== undefined && !this.#given.has('compatibility'))
      this.#given.set('compatibility', { value: '0.90', origin: this.#seen.get('version') ?? path })
    return this.#given
  }

  #entry({ key, value }: Pair): void {
    const keyAt = this.#origin(startOf(key) ?? 0)
    if (!isScalar(key) || typeof key.value !== 'string') {
      this.#problem(keyAt, 'expects the name of an option')
      return
    }
    const name = key.value
    const before = this.#seen.get(name)
    if (before !== undefined) {
      this.#problem(keyAt, `${name} is set twice, first at ${before}`)
      return
    }
    this.#seen.set(name, keyAt)
    // `version` in a file is its header; the option of that name belongs to the command line.
    const option = name === 'version' ? undefined : optionOf(this.#table, name)
    if (option === undefined && name !== 'version') {
      this.#problem(keyAt, this.#unknown(name))
      return
    }
    if (value !== null && (!isScalar(value) || value.tag !== undefined)) {
      this.#problem(this.#origin(startOf(value) ?? 0), `${name} expects one plain value`)
      return
    }
    const source = value === null || isNull(value) ? null : textOf(value)
    const at = source === null ? keyAt : this.#origin(startOf(value) ?? 0)
    const fault =
      option === undefined ? this.#version(source) : this.#setting(name, option, source, at)
    if (fault !== null) this.#problem(at, fault)
  }

  /** Takes one setting; what is wrong with it, or null. */
  #setting(name: string, option: Option, source: string | null, at: string): string | null {
    if (source === null) {
      // An empty string says nothing; an empty number or boolean is a mistake, as in 0.96, and was none in 0.90.
      return option.type === 'string' || this.#isOf090
        ? null
        : `${name} has no value; leave it out or set it`
    }
    const read = readScalar(option, source)
    if (!read.ok) return `${name}: ${read.reason}`
    if (option.commandLineOnly === true) {
      return read.value === option.default ? null : `${name} can be set on the command line only`
    }
    if (read.value !== '') this.#given.set(name, { value: read.value, origin: at })
    return null
  }

  #unknown(name: string): string {
    const close = nearest(name, Object.keys(this.#table))
    return `unknown option ${name}${close === null ? '' : `; did you mean ${close}?`}`
  }

  #version(source: string | null): string | null {
    return source === null
      ? 'value of version is not string'
      : versionRefusal(source, this.#ownVersion)
  }

  #problem(origin: string, text: string): void {
    this.#problems.push({ origin, text })
  }
}

function isOf090(value: unknown): boolean {
  return isScalar(value) && /^0\.90\./.test(textOf(value))
}

function startOf(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null)?.range
  return range?.[0]
}

const NULL: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])

function isNull(scalar: Scalar): boolean {
  return scalar.type === Scalar.PLAIN && NULL.has(textOf(scalar))
}

function textOf(scalar: Scalar): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? '')
}
