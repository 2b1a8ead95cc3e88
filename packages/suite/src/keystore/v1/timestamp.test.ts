import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTimestampName, systemTime, timestampName, timestampTime } from './timestamp.ts'

const second = 1_700_000_000_000_000_000n

for (const [nanoseconds, name] of [
  [0n, '2023-11-14T22:13:20'],
  [1n, '2023-11-14T22:13:20.000000001'],
  [500_000_000n, '2023-11-14T22:13:20.5'],
  [120_000_000n, '2023-11-14T22:13:20.12'],
  [999_999_999n, '2023-11-14T22:13:20.999999999'],
] as const)
  test(`${nanoseconds} nanoseconds after the second are written ${name} and read back`, () => {
    assert.equal(timestampName(second + nanoseconds), name)
    assert.equal(timestampTime(name), second + nanoseconds)
  })

test('names of the original are read with any number of digits', () => {
  assert.equal(timestampTime('2023-11-14T22:13:20.120'), second + 120_000_000n)
  assert.equal(timestampTime('2026-11-24T03:13:42.341802478'), 1_795_490_022_341_802_478n)
})

for (const name of [
  '',
  'x',
  '2023-11-14',
  '2023-11-14T22:13:20Z',
  '2023-11-14T22:13:20.',
  '2023-11-14T22:13:20.1234567890',
  '2023-13-14T22:13:20',
  '2023-11-14 22:13:20',
])
  test(`${JSON.stringify(name)} is no time`, () => assert.equal(timestampTime(name), null))

test('the order of names is the order of times', () => {
  const offsets = [
    0n,
    1n,
    10n,
    99_999_999n,
    100_000_000n,
    120_000_000n,
    500_000_000n,
    1_000_000_000n,
  ]
  const names = offsets.map((offset) => timestampName(second + offset))
  assert.deepEqual(names.toSorted(), names)
})

test('the next name comes after all others, even where the clock has gone back', () => {
  assert.equal(nextTimestampName(second, []), timestampName(second))
  assert.equal(nextTimestampName(second, ['2020-01-01T00:00:00', 'notes']), timestampName(second))
  const later = timestampName(second + 5n)
  assert.equal(
    nextTimestampName(second, ['2020-01-01T00:00:00', later]),
    timestampName(second + 6n),
  )
  assert.equal(nextTimestampName(second + 5n, [later]), timestampName(second + 6n))
})

test('the time of the system is that of Date', () => {
  const before = BigInt(Date.now())
  const time = systemTime() / 1_000_000n
  assert.ok(time >= before && time <= BigInt(Date.now()))
})
