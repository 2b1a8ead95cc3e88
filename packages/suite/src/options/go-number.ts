/** Why Go's strconv refuses a number: its own two reasons. */
export type NumberFault = 'parse error' | 'value out of range'

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/** strconv.ParseBool; null where it would fail. */
export function goBoolean(source: string): boolean | null {
  if (TRUE.has(source)) return true
  return FALSE.has(source) ? false : null
}

const SIGNED = /^([+-]?)(.*)$/s
const WITH_BASE =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/

/**
 * strconv.ParseInt (ParseUint without `signed`) with base 0: decimal, `0x`, `0b`, `0o`, a leading
 * zero for octal, `_` between digits. Beyond JavaScript's safe integers, where Go would go on to 64
 * bits, the answer is `value out of range`.
 */
export function goInteger(source: string, signed: boolean): number | NumberFault {
  const [, sign = '', digits = ''] = SIGNED.exec(source) ?? []
  if ((sign !== '' && !signed) || !WITH_BASE.test(digits)) return 'parse error'
  const magnitude = Number(standardBase(digits.replaceAll('_', '')))
  return inRange(sign === '-' ? -magnitude : magnitude)
}

const DECIMAL = /^[+-]?(?:0|[1-9][0-9]*)$/

/** A decimal integer without a leading zero, as a configuration file writes it. */
export function decimalInteger(source: string): number | NumberFault {
  return DECIMAL.test(source) ? inRange(Number(source)) : 'parse error'
}

/** Go's `017` and `0O17` as JavaScript's `0o17`. */
function standardBase(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase()
}

function inRange(value: number): number | NumberFault {
  return Number.isSafeInteger(value) ? value + 0 : 'value out of range'
}
