import type { Document, Node, Pair, YAMLMap } from 'yaml'
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml'
import { Problems } from './config-error.ts'

const TEXT_LENGTH_MAX = 4 * 1024 * 1024
const DEPTH_MAX = 32
const ENTRIES_MAX = 500_000

/** A value of a YAML file with the offset where it stands. What an alias stands for is one object, in two places. */
export type YamlValue = YamlScalar | YamlList | YamlMap

/** The text of a scalar without its quotes. `plain`: it had none, so it may be read as null, a truth value or a number. */
export interface YamlScalar {
  readonly kind: 'scalar'
  readonly offset: number
  readonly text: string
  readonly plain: boolean
}

export interface YamlList {
  readonly kind: 'list'
  readonly offset: number
  readonly items: readonly YamlValue[]
}

/** Entries in the file's order, merge keys (`<<`) resolved, no key twice. */
export interface YamlMap {
  readonly kind: 'map'
  readonly offset: number
  readonly entries: ReadonlyMap<string, YamlEntry>
}

export interface YamlEntry {
  readonly keyOffset: number
  readonly value: YamlValue
}

/** The value a file holds, null where it is empty. What is wrong as YAML is already among `problems`. */
export interface YamlFile {
  readonly root: YamlValue | null
  readonly problems: Problems
}

/**
 * Reads one YAML document. Length, depth and what aliases and merges multiply are bounded.
 * Throws EncryptorConfigError only where that last bound is passed.
 */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter()
  const problems = new Problems(file, (offset) => lines.linePos(offset))
  lines.addNewLine(0)
  if (text.length > TEXT_LENGTH_MAX) {
    problems.add(0, `the file is larger than ${TEXT_LENGTH_MAX} characters`)
    return { root: null, problems }
  }
  const tokens = shallowTokens(text, lines, problems)
  if (tokens === null) return { root: null, problems }
  const composer = new Composer({
    version: '1.1',
    schema: 'failsafe',
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
  })
  const documents = [...composer.compose(tokens, true, text.length)]
  return { root: rootOf(documents, problems), problems }
}

/** The tokens of a text that nests no deeper than DEPTH_MAX: composing recurses, and would exhaust the stack. */
function shallowTokens(text: string, lines: LineCounter, problems: Problems) {
  const parser = new Parser((offset) => lines.addNewLine(offset))
  const tokens = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > DEPTH_MAX) {
      problems.add(parser.offset, `values are nested deeper than ${DEPTH_MAX} levels`)
      return null
    }
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

function rootOf(documents: Document.Parsed[], problems: Problems): YamlValue | null {
  const [document, second] = documents
  if (second !== undefined) problems.add(second.range[0], 'a second document in one file')
  for (const { errors, warnings } of documents) {
    for (const error of [...errors, ...warnings])
      problems.add(error.pos[0], lowerFirst(error.message))
  }
  if (document === undefined || document.contents === null || document.errors.length > 0)
    return null
  return new TreeBuilder(problems).value(document.contents, 0)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** Turns the library's nodes into ours, in the file's order, so that an alias finds the anchor before it. */
class TreeBuilder {
  readonly #problems: Problems
  readonly #anchors = new Map<string, YamlValue>()
  #entries = 0

  constructor(problems: Problems) {
    this.#problems = problems
  }

  value(node: unknown, offsetOfNone: number): YamlValue {
    const offset = (node as Node | null)?.range?.[0] ?? offsetOfNone
    this.#count(offset)
    if (isAlias(node)) return this.#aliased(node.source, offset)
    const value = this.#plainValue(node, offset)
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, value)
    return value
  }

  #plainValue(node: unknown, offset: number): YamlValue {
    if (isSeq(node)) {
      return { kind: 'list', offset, items: node.items.map((item) => this.value(item, offset)) }
    }
    if (isMap(node)) return { kind: 'map', offset, entries: this.#entriesOf(node, offset) }
    if (isScalar(node)) {
      return { kind: 'scalar', offset, text: String(node.value), plain: node.type === 'PLAIN' }
    }
    return { kind: 'scalar', offset, text: '', plain: true }
  }

  #aliased(name: string, offset: number): YamlValue {
    const target = this.#anchors.get(name)
    if (target !== undefined) return target
    this.#problems.add(offset, `no anchor named "${name}" stands complete before this alias`)
    return { kind: 'scalar', offset, text: '', plain: true }
  }

  #entriesOf(map: YAMLMap, offset: number): ReadonlyMap<string, YamlEntry> {
    const own = new Map<string, YamlEntry>()
    const merged: YamlValue[] = []
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const keyOffset = pair.key.range?.[0] ?? offset
      if (!isScalar(pair.key)) {
        this.#problems.add(keyOffset, 'a key must be a word')
        continue
      }
      const key = String(pair.key.value)
      const value = this.value(pair.value, pair.key.range?.[1] ?? keyOffset)
      if (key === '<<' && pair.key.type === 'PLAIN') merged.push(value)
      else if (own.has(key)) this.#problems.add(keyOffset, `key "${key}" stands twice in one map`)
      else own.set(key, { keyOffset, value })
    }
    for (const value of merged) this.#merge(value, own)
    return own
  }

  /** A map's own keys win over merged ones, earlier merges over later ones (YAML 1.1, merge key). */
  #merge(from: YamlValue, into: Map<string, YamlEntry>): void {
    const maps = from.kind === 'list' ? from.items : [from]
    for (const map of maps) {
      if (map.kind !== 'map') {
        this.#problems.add(map.offset, 'only a map, or a list of maps, can be merged by "<<"')
        continue
      }
      for (const [key, entry] of map.entries) {
        this.#count(entry.keyOffset)
        if (!into.has(key)) into.set(key, entry)
      }
    }
  }

  #count(offset: number): void {
    if (++this.#entries > ENTRIES_MAX) {
      this.#problems.add(offset, `more than ${ENTRIES_MAX} values`)
      this.#problems.throwIfAny()
    }
  }
}
