import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine } from './command-line.ts'
import { UsageError } from './errors.ts'
import { choice, flag, int, text, uint } from './option.ts'

const table = {
  name: text('', 'A name'),
  on: flag(false, 'A switch'),
  off: flag(true, 'A switch that is on'),
  count: int(5, 'A number'),
  size: uint(5, 'A size'),
  port: int(1, 'A port', { min: 1, max: 65_535 }),
  mode: choice(['refuse', 'pass'], 'refuse', 'A mode'),
  password: text('', 'A password', { secret: true }),
  d: flag(false, 'Debug'),
} as const

function given(...words: string[]): Record<string, unknown> {
  const values = [...parseCommandLine(table, words).given].map(([name, one]) => [name, one.value])
  return Object.fromEntries(values)
}

function refusal(...words: string[]): string {
  try {
    parseCommandLine(table, words)
  } catch (error) {
    assert.ok(error instanceof UsageError)
    return error.message
  }
  return 'accepted'
}

test('one dash and two are the same, and a value stands after "=" or in the next word', () => {
  for (const words of [['-name=x'], ['--name=x'], ['-name', 'x'], ['--name', 'x']]) {
    assert.deepEqual(given(...words), { name: 'x' })
  }
})

test('a value may be empty, begin with a dash or hold an equals sign', () => {
  assert.deepEqual(given('--name='), { name: '' })
  assert.deepEqual(given('--name', ''), { name: '' })
  assert.deepEqual(given('--name', '-on'), { name: '-on' })
  assert.deepEqual(given('--name', '--'), { name: '--' })
  assert.deepEqual(given('--name=a=b'), { name: 'a=b' })
})

test('a boolean takes its value after "=" only, in the spellings of Go', () => {
  assert.deepEqual(given('--on'), { on: true })
  for (const spelling of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
    assert.deepEqual(given(`--off=${spelling}`), { off: true })
  }
  for (const spelling of ['0', 'f', 'F', 'false', 'FALSE', 'False']) {
    assert.deepEqual(given(`-off=${spelling}`), { off: false })
  }
  for (const spelling of ['', 'yes', 'no', 'tRUE', ' true']) {
    assert.equal(
      refusal(`--on=${spelling}`),
      `invalid boolean value ${JSON.stringify(spelling)} for -on: parse error`,
    )
  }
})

test('the word after a boolean is left over', () => {
  const { given, rest } = parseCommandLine(table, ['--on', 'false', '--d'])
  assert.equal(given.get('on')?.value, true)
  assert.deepEqual(rest, ['false', '--d'])
})

test('integers have signs, prefixes and underscores as in Go', () => {
  const spellings: [string, number][] = [
    ['0', 0],
    ['-0', 0],
    ['+7', 7],
    ['-7', -7],
    ['0x1F', 31],
    ['0X1f', 31],
    ['-0x_1f', -31],
    ['0o17', 15],
    ['0O17', 15],
    ['017', 15],
    ['0_17', 15],
    ['0b101', 5],
    ['0B1_01', 5],
    ['1_000', 1000],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ]
  for (const [spelling, value] of spellings) {
    assert.deepEqual(given(`--count=${spelling}`), { count: value }, spelling)
  }
})

test('what is no integer in Go is none here', () => {
  const wrong = [
    '',
    ' 1',
    '1 ',
    '+',
    '-',
    '--1',
    '1__0',
    '_1',
    '1_',
    '08',
    '0x',
    '0xg',
    '1.0',
    '1e3',
  ]
  for (const spelling of [...wrong, '0b2', '0o8', '0x1_', 'NaN', 'Infinity', '١', '1\n']) {
    assert.match(refusal(`--count=${spelling}`), /^invalid value .* for flag -count: parse error$/s)
  }
  for (const spelling of ['9007199254740992', '99999999999999999999', '-0xffffffffffffffffff']) {
    assert.match(refusal(`--count=${spelling}`), /for flag -count: value out of range$/)
  }
})

test('an unsigned integer has no sign', () => {
  assert.deepEqual(given('--size=16'), { size: 16 })
  for (const spelling of ['-1', '+1', '-0']) {
    assert.match(refusal(`--size=${spelling}`), /^invalid value ".*" for flag -size: parse error$/)
  }
})

test('parsing stops at the first word that is no flag, and behind "--"', () => {
  assert.deepEqual(parseCommandLine(table, ['--on', 'word', '--nope']).rest, ['word', '--nope'])
  assert.deepEqual(parseCommandLine(table, ['--on', '--', '--nope']).rest, ['--nope'])
  assert.deepEqual(parseCommandLine(table, ['-', '--on']).rest, ['-', '--on'])
  assert.deepEqual(parseCommandLine(table, ['', '--on']).rest, ['', '--on'])
})

test('the last of several holds', () => {
  assert.deepEqual(given('--count=1', '-count', '2', '--on', '--on=false'), { count: 2, on: false })
})

test('bad syntax, a missing value and an unknown flag are told in the words of Go', () => {
  assert.equal(refusal('---name=x'), 'bad flag syntax: ---name=x')
  assert.equal(refusal('--=x'), 'bad flag syntax: --=x')
  assert.equal(refusal('-=x'), 'bad flag syntax: -=x')
  assert.equal(refusal('--name'), 'flag needs an argument: -name')
  assert.equal(refusal('--nope=x'), 'flag provided but not defined: -nope')
  assert.equal(refusal('--toString'), 'flag provided but not defined: -toString')
  assert.equal(refusal('--count=a"b'), 'invalid value "a\\"b" for flag -count: parse error')
})

test('an unknown flag names the nearest known one', () => {
  const hints = ['--prot=1', '--Port=1', '--pasword=x', '--cuont=1', '--zzzzzz'].map((word) => {
    try {
      return parseCommandLine(table, [word])
    } catch (error) {
      return error instanceof UsageError ? error.hint : error
    }
  })
  assert.deepEqual(hints, [
    'did you mean --port?',
    'did you mean --port?',
    'did you mean --password?',
    'did you mean --count?',
    null,
  ])
})

test('bounds and choices are part of the type', () => {
  assert.deepEqual(given('--port=65535', '--mode=pass'), { port: 65_535, mode: 'pass' })
  assert.equal(refusal('--port=0'), 'invalid value "0" for flag -port: must be between 1 and 65535')
  assert.equal(
    refusal('--mode=allow'),
    'invalid value "allow" for flag -mode: must be refuse or pass',
  )
})

test('help is asked for by -h, -help or --help before anything wrong', () => {
  for (const word of ['-h', '--h', '-help', '--help', '--help=x']) {
    assert.equal(parseCommandLine(table, ['--on', word, '--nope']).help, true)
  }
  assert.equal(refusal('--nope', '--help'), 'flag provided but not defined: -nope')
})

test('a dash inside a name is as good as an underscore, and the reverse', () => {
  const table = { dry_run: flag(false, 'x'), 'rotated-keys': flag(false, 'x') }
  const { given } = parseCommandLine(table, ['--dry-run', '-rotated_keys'])
  assert.deepEqual([...given.keys()], ['dry_run', 'rotated-keys'])
})
