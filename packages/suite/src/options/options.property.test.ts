import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCommandLine } from './command-line.ts'
import { ConfigurationError, UsageError } from './errors.ts'
import { goInteger } from './go-number.ts'
import { goQuote } from './go-text.ts'
import { flag, int, text } from './option.ts'
import { parseConfig } from './sources/yaml.ts'

const table = {
  name: text('', 'A name'),
  n: int(0, 'A number'),
  v: flag(false, 'A switch'),
} as const

const word = fc.oneof(
  fc.string(),
  fc.constantFrom('-', '--', '-v', '--v=false', '-n', '--n=7', '--name', '-name=', '--help', '-x'),
)

test('any command line is either read or refused as one', () => {
  fc.assert(
    fc.property(fc.array(word), (words) => {
      try {
        const { rest, help } = parseCommandLine(table, words)
        assert.ok(
          help || words.slice(words.length - rest.length).every((one, at) => one === rest[at]),
        )
      } catch (error) {
        assert.ok(error instanceof UsageError)
      }
    }),
  )
})

const fragment = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'version: 0.96.0\n',
    'n: ',
    'v: yes\n',
    '- ',
    '? ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '\n',
  ),
  fc.constantFrom(
    '&a ',
    '*a',
    '!t ',
    '|\n',
    '>-\n  ',
    '"',
    "'",
    '#',
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    '\t',
  ),
)

test('any text is either read as a configuration or refused with its places', () => {
  fc.assert(
    fc.property(fc.array(fragment), (fragments) => {
      try {
        parseConfig(fragments.join(''), 'c', table, '0.1.0')
      } catch (error) {
        assert.ok(error instanceof ConfigurationError, String(error))
        for (const { origin } of error.problems)
          assert.match(origin ?? '', /^c(?::[1-9]\d*:[1-9]\d*)?$/)
      }
    }),
  )
})

test('every safe integer is read in each of its spellings', () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.constantFrom('', '0x', '0o', '0b', '0'),
      (value, prefix) => {
        const base = { '': 10, '0x': 16, '0o': 8, '0b': 2, '0': 8 }[prefix] as number
        const digits = Math.abs(value).toString(base)
        const spelling = `${value < 0 ? '-' : ''}${prefix}${digits}`
        assert.equal(goInteger(spelling, true), value, spelling)
      },
    ),
  )
})

test('a quoted text is on one line and can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (source) => {
      const quoted = goQuote(source)
      assert.ok(!/[\n\r]/.test(quoted))
      assert.equal(unquote(quoted), source)
    }),
  )
})

/** Reads Go's escapes back. */
function unquote(quoted: string): string {
  const short: Record<string, string> = {
    a: '\x07',
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    v: '\v',
  }
  return quoted.slice(1, -1).replace(/\\(?:x(..)|u(.{4})|U(.{8})|(.))/gu, (_, x, u, U, one) => {
    const rune = x ?? u ?? U
    return rune === undefined
      ? (short[one] ?? one)
      : String.fromCodePoint(Number.parseInt(rune, 16))
  })
}
