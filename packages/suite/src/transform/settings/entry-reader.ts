import { nearest } from '../../options/index.ts'
import type { ConfigPlace, Problems } from './config-error.ts'
import type { YamlList, YamlMap, YamlScalar, YamlValue } from './yaml-tree.ts'

/** The words that YAML 1.1 reads as truth values, as the original's parser does. */
const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map(word(true)),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map(word(false)),
])
const nullWords: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])
const wholeNumber = /^[-+]?(?:0x[0-9a-f_]+|0b[01_]+|0o?[0-7_]+|[1-9][0-9_]*|0)$/i

function word(value: boolean): (text: string) => [string, boolean] {
  return (text) => [text, value]
}

/** A value as it was read, and where it stands. */
export interface Read<T> {
  readonly value: T
  readonly offset: number
}

/**
 * Reads the entries of one map by type. What is absent, null or of a wrong type comes back as null; the wrong type is a
 * problem that says where it is: `where` opens every sentence and names table and column.
 */
export class EntryReader {
  readonly #map: YamlMap
  readonly #where: string
  readonly #problems: Problems

  constructor(map: YamlMap, where: string, problems: Problems) {
    this.#map = map
    this.#where = where
    this.#problems = problems
  }

  /** A reader of a map inside this one; its sentences name both. */
  inner(map: YamlMap, label: string): EntryReader {
    const where = [this.#where, label].filter((part) => part !== '').join(', ')
    return new EntryReader(map, where, this.#problems)
  }

  /** Adds a problem at `offset`, of `key` where it is one key's. */
  problem(offset: number, text: string, key?: string): void {
    this.#problems.add(offset, sentence(this.#where, key, text))
  }

  place(offset: number): ConfigPlace {
    return this.#problems.place(offset)
  }

  /** The place of a key; that of the whole map where it is absent. */
  offsetOf(key: string): number {
    return this.#map.entries.get(key)?.keyOffset ?? this.#map.offset
  }

  /** Makes every key that is not among `known` a problem, with the nearest known name. */
  refuseUnknown(known: Iterable<string>): void {
    const names = new Set(known)
    for (const [key, { keyOffset }] of this.#map.entries) {
      if (names.has(key)) continue
      const meant = nearest(key, names)
      const remedy = meant === null ? '' : `, did you mean "${meant}"?`
      this.problem(keyOffset, `unknown key "${key}"${remedy}`)
    }
  }

  /** The text of any scalar, as it is written: `client_id: 12345` is text too. */
  text(key: string): Read<string> | null {
    const scalar = this.#scalar(key, 'a text')
    return scalar === null ? null : { value: scalar.text, offset: scalar.offset }
  }

  boolean(key: string): Read<boolean> | null {
    const scalar = this.#scalar(key, 'true or false')
    if (scalar === null) return null
    const value = scalar.plain ? booleanWords.get(scalar.text) : undefined
    if (value === undefined) return this.#wrong(scalar, key, 'true or false')
    return { value, offset: scalar.offset }
  }

  /** The text of a whole number in any notation of YAML 1.1. */
  wholeNumber(key: string): Read<string> | null {
    const scalar = this.#scalar(key, 'a whole number')
    if (scalar === null) return null
    if (!scalar.plain || !wholeNumber.test(scalar.text)) {
      return this.#wrong(scalar, key, 'a whole number')
    }
    return { value: scalar.text, offset: scalar.offset }
  }

  list(key: string): YamlList | null {
    const value = this.#present(key)
    if (value === null || value.kind === 'list') return value
    return this.#wrong(value, key, 'a list')
  }

  map(key: string): YamlMap | null {
    const value = this.#present(key)
    if (value === null || value.kind === 'map') return value
    return this.#wrong(value, key, 'a map of keys and values')
  }

  /** The texts of a list's items. */
  texts(key: string): readonly Read<string>[] | null {
    const list = this.list(key)
    if (list === null) return null
    const texts: Read<string>[] = []
    for (const item of list.items) {
      if (item.kind !== 'scalar') this.#wrong(item, key, 'a list of texts')
      else texts.push({ value: isNull(item) ? '' : item.text, offset: item.offset })
    }
    return texts
  }

  #scalar(key: string, expected: string): YamlScalar | null {
    const value = this.#present(key)
    if (value === null || value.kind === 'scalar') return value
    return this.#wrong(value, key, expected)
  }

  #present(key: string): YamlValue | null {
    const value = this.#map.entries.get(key)?.value
    return value === undefined || isNull(value) ? null : value
  }

  #wrong(value: YamlValue, key: string, expected: string): null {
    this.problem(value.offset, `must be ${expected}`, key)
    return null
  }
}

/** `table "users"`: how sentences name a map, by the text of its entry `key`. */
export function labelBy(key: string, map: YamlMap): string {
  const name = map.entries.get(key)?.value
  return name?.kind === 'scalar' && !isNull(name) ? `${key} "${name.text}"` : ''
}

function isNull(value: YamlValue): boolean {
  return value.kind === 'scalar' && value.plain && nullWords.has(value.text)
}

function sentence(where: string, key: string | undefined, text: string): string {
  return [where, key, text].filter((part) => part !== undefined && part !== '').join(': ')
}
