import type { Formula } from '../analysis.ts'
import { pureFunction } from './pure-functions.ts'

/** What the parts of a formula are in a text, or for one execution of it. */
export interface Parts {
  /** What a literal says, by its index; null where that cannot be told. */
  readonly literal: (index: number) => Buffer | null
  /** What is given for the parameter; null where it has none. */
  readonly given: Buffer | null
}

const MINUS = Buffer.from('-')

/** The text of a value that is made of others; null where that is an error in the database too, or depends on it. */
export function computed(formula: Formula, parts: Parts): Buffer | null {
  switch (formula.kind) {
    case 'literal': {
      const content = parts.literal(formula.literal)
      return content !== null && formula.isNegative ? Buffer.concat([MINUS, content]) : content
    }
    case 'constant':
      return Buffer.from(formula.bytes, 'latin1')
    case 'given':
      return parts.given
    case 'call': {
      const values: Buffer[] = []
      for (const argument of formula.arguments) {
        const value = computed(argument, parts)
        if (value === null) return null
        values.push(value)
      }
      return pureFunction(formula.name)?.of(values) ?? null
    }
  }
}

/** The same formula with what the literals say in their place; null where that cannot be told. */
export function withConstants(formula: Formula, literal: Parts['literal']): Formula | null {
  if (formula.kind === 'literal') {
    const content = computed(formula, { literal, given: null })
    return content === null ? null : { kind: 'constant', bytes: content.toString('latin1') }
  }
  if (formula.kind !== 'call') return formula
  const parts = formula.arguments.map((argument) => withConstants(argument, literal))
  const known = parts.filter((part) => part !== null)
  return known.length < parts.length ? null : { ...formula, arguments: known }
}
