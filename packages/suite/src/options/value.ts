import { decimalInteger, goBoolean, goInteger } from './go-number.ts'
import type { Option, OptionValue } from './option.ts'

/** A value that was read, or why it cannot be. */
export type Read<V> =
  | { readonly ok: true; readonly value: V }
  | { readonly ok: false; readonly reason: string }

/** Reads a value as it stands on the command line, by Go's rules (cli-tools.md §1). */
export function readArgument(option: Option, source: string): Read<OptionValue> {
  switch (option.type) {
    case 'string':
      return admitted(option, source)
    case 'bool':
      return boolean(option, goBoolean(source), 'parse error')
    case 'int':
    case 'uint':
      return number(option, goInteger(source, option.type === 'int'))
  }
}

const YAML_TRUE: ReadonlySet<string> = new Set(['yes', 'Yes', 'YES', 'on', 'On', 'ON', 'y', 'Y'])
const YAML_FALSE: ReadonlySet<string> = new Set(['no', 'No', 'NO', 'off', 'Off', 'OFF', 'n', 'N'])

/**
 * Reads the source text of a scalar of a configuration file by the option's type, whatever YAML
 * itself would make of it: booleans also in the spellings of YAML 1.1 (0.90 accepts `yes`),
 * integers in decimal only (0.96) and without a leading zero (octal in 0.90).
 */
export function readScalar(option: Option, source: string): Read<OptionValue> {
  switch (option.type) {
    case 'string':
      return admitted(option, source)
    case 'bool':
      return boolean(option, goBoolean(source) ?? yamlBoolean(source), 'expects true or false')
    case 'int':
    case 'uint': {
      const value = decimalInteger(source)
      return value === 'parse error' || (option.type === 'uint' && /^[+-]/.test(source))
        ? { ok: false, reason: `expects ${wholeNumber(option)} in decimal without leading zeros` }
        : number(option, value)
    }
  }
}

function yamlBoolean(source: string): boolean | null {
  if (YAML_TRUE.has(source)) return true
  return YAML_FALSE.has(source) ? false : null
}

function boolean(option: Option, value: boolean | null, reason: string): Read<OptionValue> {
  return value === null ? { ok: false, reason } : admitted(option, value)
}

function number(option: Option, value: number | string): Read<OptionValue> {
  return typeof value === 'string' ? { ok: false, reason: value } : admitted(option, value)
}

function admitted(option: Option, value: OptionValue): Read<OptionValue> {
  const reason = refusal(option, value)
  return reason === null ? { ok: true, value } : { ok: false, reason }
}

function refusal(option: Option, value: OptionValue): string | null {
  if (value === option.default) return null
  if (option.choices !== undefined && !option.choices.includes(value)) {
    return `must be ${option.choices.join(' or ')}`
  }
  if (typeof value !== 'number') return null
  const { min = -Infinity, max = Infinity } = option
  if (value >= min && value <= max) return null
  if (max === Infinity) return `must be at least ${min}`
  return min === -Infinity ? `must be at most ${max}` : `must be between ${min} and ${max}`
}

function wholeNumber(option: Option): string {
  return option.type === 'uint' ? 'a whole number without a sign' : 'a whole number'
}
