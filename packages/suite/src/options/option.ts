/** What an option holds: Go's `flag` kinds that the programs use. */
export type OptionType = 'string' | 'bool' | 'int' | 'uint'

export type OptionValue = string | boolean | number

/**
 * What asking for the option does.
 * - `built`: it works.
 * - `waits`: a known name whose feature (`needs`) does not exist yet. Its default and the values of
 *   `off` are accepted, since they ask for nothing; every other value is refused at start.
 * - `ignored`: a known name that does nothing (`because` says why); any value is accepted with one
 *   warning.
 */
export type Availability =
  | { readonly state: 'built' }
  | { readonly state: 'waits'; readonly needs: string; readonly off: readonly OptionValue[] }
  | { readonly state: 'ignored'; readonly because: string }

/**
 * One setting: a flag, a key of the YAML file, a paragraph of `--help` and a line of the
 * documentation.
 */
export interface Option<V extends OptionValue = OptionValue> {
  readonly type: OptionType
  readonly default: V
  /** The default with `compatibility=0.90`, if it was another one there. */
  readonly in090?: V
  /** One line, without a full stop at its end. */
  readonly usage: string
  readonly availability: Availability
  /** The only accepted values; absent where any value of the type will do. */
  readonly choices?: readonly V[]
  /** Bounds of a number, both inclusive. */
  readonly min?: number
  readonly max?: number
  /** The general flag whose value holds where this one is given nowhere. */
  readonly general?: string
  /**
   * The value that, though given, still means "as the general flag says" (`-1` of
   * `*_tls_client_auth`).
   */
  readonly unset?: V
  /** True where no option falls back to this one, though it bears the name of a general flag. */
  readonly standsAlone?: boolean
  /** True where a configuration file cannot set it. */
  readonly commandLineOnly?: boolean
  /** True where the value must never be shown. */
  readonly secret?: boolean
}

/** The settings of one owner, by flag name. */
export type OptionTable = { readonly [name: string]: Option }

/** The values that a table yields: a readonly object whose types follow from the rows. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never
}

type Extras<V extends OptionValue> = Partial<
  Pick<
    Option<V>,
    'in090' | 'min' | 'max' | 'general' | 'unset' | 'standsAlone' | 'commandLineOnly' | 'secret'
  >
>

const BUILT: Availability = { state: 'built' }

/** A string option. */
export function text(initial: string, usage: string, extras: Extras<string> = {}): Option<string> {
  return { type: 'string', default: initial, usage, availability: BUILT, ...extras }
}

/** A string option with a closed list of values. */
export function choice<const C extends readonly string[]>(
  choices: C,
  initial: C[number],
  usage: string,
  extras: Extras<C[number]> = {},
): Option<C[number]> {
  return { type: 'string', default: initial, usage, availability: BUILT, choices, ...extras }
}

/** A boolean option: `--name` or `--name=false`. */
export function flag(
  initial: boolean,
  usage: string,
  extras: Extras<boolean> = {},
): Option<boolean> {
  return { type: 'bool', default: initial, usage, availability: BUILT, ...extras }
}

/** A whole number. */
export function int(initial: number, usage: string, extras: Extras<number> = {}): Option<number> {
  return { type: 'int', default: initial, usage, availability: BUILT, ...extras }
}

/** A whole number without a sign. */
export function uint(initial: number, usage: string, extras: Extras<number> = {}): Option<number> {
  return { type: 'uint', default: initial, usage, availability: BUILT, ...extras }
}

/**
 * The same option as a known name whose feature does not exist yet. `needs` names the feature as it
 * stands in a sentence ("TLS"); `off` lists the values besides the default that ask for nothing.
 */
export function waits<V extends OptionValue>(
  needs: string,
  option: Option<V>,
  off: readonly NoInfer<V>[] = [],
): Option<V> {
  const nothing = option.type === 'bool' ? [false] : option.type === 'string' ? [''] : []
  return { ...option, availability: { state: 'waits', needs, off: [...nothing, ...off] } }
}

/** All options of a table, waiting for one feature. */
export function allWait<T extends OptionTable>(needs: string, table: T): T {
  const rows = Object.entries(table).map(([name, option]) => [name, waits(needs, option)])
  return Object.fromEntries(rows) as T // The names and value types are those of `table`.
}

/** The same option as a known name that does nothing. */
export function ignored<V extends OptionValue>(because: string, option: Option<V>): Option<V> {
  return { ...option, availability: { state: 'ignored', because } }
}

/** The table with `prefix` before each name. */
export function prefixed<const P extends string, T extends OptionTable>(
  prefix: P,
  table: T,
): { readonly [K in keyof T & string as `${P}${K}`]: T[K] } {
  const rows = Object.entries(table).map(([name, option]) => [`${prefix}${name}`, option])
  return Object.fromEntries(rows) as { readonly [K in keyof T & string as `${P}${K}`]: T[K] }
}

/** One table out of two. A name that stands in both is a mistake of the program and throws. */
export function joined<A extends OptionTable, B extends OptionTable>(a: A, b: B): A & B {
  const twice = Object.keys(a).find((name) => Object.hasOwn(b, name))
  if (twice !== undefined) throw new Error(`option ${twice} is declared twice`)
  return { ...a, ...b }
}

/** The row of `name`; undefined where the table has none. */
export function optionOf(table: OptionTable, name: string): Option | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** `-v`, `--config_file`: how Go's usage text shows the flag. */
export function flagName(name: string): string {
  return name.length <= 2 ? `-${name}` : `--${name}`
}
