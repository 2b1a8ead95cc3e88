import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flag, ignored, int, text, waits } from './option.ts'
import { flagBlocks, usageText } from './usage.ts'

const table = {
  port: int(5432, 'Port of the database'),
  host: text('', 'Host of the database'),
  mode: text('a "b"', 'Mode'),
  zero: int(0, 'Number'),
  minus: int(-1, 'Number below zero'),
  on: flag(true, 'Switch that is on'),
  d: flag(false, 'Debug'),
  v2: flag(false, 'Two letters'),
  mysql_enable: waits('MySQL', flag(false, 'MySQL')),
  tls_ca: waits('TLS', text('', 'CA')),
  tls_key: waits('TLS', text('', 'Key')),
  ds: ignored('there is none', flag(false, 'Profiles')),
} as const

test('a flag is printed as Go prints it, sorted by name, its default only where it says something', () => {
  assert.equal(
    flagBlocks(table),
    [
      '  -d\n    \tDebug\n',
      '  --host\n    \tHost of the database\n',
      '  --minus\n    \tNumber below zero (default -1)\n',
      '  --mode\n    \tMode (default "a \\"b\\"")\n',
      '  -on\n    \tSwitch that is on (default true)\n',
      '  --port\n    \tPort of the database (default 5432)\n',
      '  -v2\n    \tTwo letters\n',
      '  --zero\n    \tNumber\n',
    ].join(''),
  )
})

test('help says what the program is for, shows examples, and names what is not there yet', () => {
  const head = { name: 'acra-x', description: 'Does a thing.', examples: ['acra-x --port=1'] }
  const help = usageText(head, table)
  assert.ok(
    help.startsWith('Does a thing.\n\nUsage: acra-x [options]\n\nExamples:\n  acra-x --port=1\n\n'),
  )
  assert.match(help, /configs\/acra-x\.yaml/)
  assert.match(help, /Not available yet .*:\n {2}MySQL, TLS\n/)
  assert.match(help, /Accepted, but without effect:\n {2}ds\n$/)
  assert.ok(!help.includes('tls_ca'))
  assert.ok(help.split('\n').every((line) => line.length <= 110))
})
