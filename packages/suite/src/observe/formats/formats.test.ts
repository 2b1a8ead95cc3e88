import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fields, type FieldValue, fieldValue, type Level, type LogRecord } from '../record.ts'
import { cefFormat } from './cef.ts'
import { jsonFormat } from './json.ts'
import { colouredPlaintext, elapsedPlaintext, plaintext } from './plaintext.ts'
import { localTime, unixTime } from './time.ts'

// The expected lines are the output of the original's own logging code, but for its chain marks.

const product = { name: 'acra-server', version: '0.90.0' }
const json = jsonFormat(product)
const cef = cefFormat(product, 'cossacklabs')

function record(time: number, level: Level, message: string, fields: Fields = {}): LogRecord {
  const entries = Object.entries(fields).map(([name, value]): [string, FieldValue] => [
    name,
    fieldValue(value),
  ])
  return { time, zone: 0, level, message, fields: new Map(entries) }
}

const plain = record(Date.UTC(2021, 1, 3, 4, 5, 6, 789), 'info', 'hello "w" a=b', {
  k: 'v w',
  num: 3,
  code: 510,
  e: new Error('boom'),
})
const quoted = record(
  Date.UTC(2026, 10, 24, 3, 13, 42, 399),
  'warning',
  'second "quoted" message',
  {
    client_id: 'a=b|c',
    code: 101,
  },
)
const failing = record(Date.UTC(2026, 10, 24, 3, 13, 42, 399), 'error', 'third', {
  error: new Error('bad thing: <x>&y'),
})
const various = record(Date.UTC(2026, 10, 24, 3, 13, 42, 399), 'info', 'new chain', {
  empty: '',
  i: 7,
  n: 1.5,
  nl: 'x\ny',
  sp: 'a b',
  uni: 'привіт',
})

test('plaintext lines are those of the original', () => {
  assert.equal(
    plaintext(plain),
    'time="2021-02-03T04:05:06Z" level=info msg="hello \\"w\\" a=b" code=510 e=boom k="v w" num=3\n',
  )
  assert.equal(
    plaintext(quoted),
    'time="2026-11-24T03:13:42Z" level=warning msg="second \\"quoted\\" message" client_id="a=b|c" code=101\n',
  )
  assert.equal(
    plaintext(failing),
    'time="2026-11-24T03:13:42Z" level=error msg=third error="bad thing: <x>&y"\n',
  )
  assert.equal(
    plaintext(various),
    'time="2026-11-24T03:13:42Z" level=info msg="new chain" empty="" i=7 n=1.5 nl="x\\ny" sp="a b" uni="привіт"\n',
  )
})

test('json lines are those of the original', () => {
  assert.equal(
    json(plain),
    '{"code":510,"e":"boom","k":"v w","level":"info","msg":"hello \\"w\\" a=b","num":3,"product":"acra-server","timestamp":"2021-02-03T04:05:06Z","unixTime":"1612325106.789","version":"0.90.0"}\n',
  )
  assert.equal(
    json(failing),
    '{"error":"bad thing: \\u003cx\\u003e\\u0026y","level":"error","msg":"third","product":"acra-server","timestamp":"2026-11-24T03:13:42Z","unixTime":"1795490022.399","version":"0.90.0"}\n',
  )
  assert.equal(
    json(various),
    '{"empty":"","i":7,"level":"info","msg":"new chain","n":1.5,"nl":"x\\ny","product":"acra-server","sp":"a b","timestamp":"2026-11-24T03:13:42Z","uni":"привіт","unixTime":"1795490022.399","version":"0.90.0"}\n',
  )
})

test('CEF lines are those of the original, their last space included', () => {
  assert.equal(
    cef(plain),
    'CEF:0|cossacklabs|acra-server|0.90.0|510|hello "w" a\\=b|1|e=boom k=v w num=3 unixTime=1612325106.789 \n',
  )
  assert.equal(
    cef(quoted),
    'CEF:0|cossacklabs|acra-server|0.90.0|101|second "quoted" message|3|client_id=a\\=b\\|c unixTime=1795490022.399 \n',
  )
  assert.equal(
    cef(failing),
    'CEF:0|cossacklabs|acra-server|0.90.0|100|third|6|error=bad thing: <x>&y unixTime=1795490022.399 \n',
  )
  assert.equal(
    cef(various),
    'CEF:0|cossacklabs|acra-server|0.90.0|100|new chain|1|empty=  i=7 n=1.5 nl=x y sp=a b uni=привіт unixTime=1795490022.399 \n',
  )
})

test('our CEF vendor is acra-ts', () => {
  assert.match(cefFormat(product)(plain), /^CEF:0\|acra-ts\|acra-server\|0\.90\.0\|510\|/)
})

test('a field that is called like a part of the line is renamed', () => {
  const clash = record(0, 'info', 'm', { msg: 'a', level: 'b', time: 'c', timestamp: 'd' })
  assert.equal(
    plaintext(clash),
    'time="1970-01-01T00:00:00Z" level=info msg=m fields.level=b fields.msg=a fields.time=c timestamp=d\n',
  )
  assert.equal(
    json(clash),
    '{"fields.level":"b","fields.msg":"a","fields.timestamp":"d","level":"info","msg":"m","product":"acra-server","time":"c","timestamp":"1970-01-01T00:00:00Z","unixTime":"0.000","version":"0.90.0"}\n',
  )
})

test('an empty message is left out of plaintext only', () => {
  const empty = record(0, 'debug', '')
  assert.equal(plaintext(empty), 'time="1970-01-01T00:00:00Z" level=debug\n')
  assert.match(json(empty), /"msg":""/)
  assert.equal(cef(empty), 'CEF:0|cossacklabs|acra-server|0.90.0|100| |0|unixTime=0.000 \n')
})

test('every level has its word and its severity', () => {
  const words = (['debug', 'info', 'warning', 'error', 'fatal', 'panic'] as const).map((level) => {
    const line = record(0, level, 'm')
    return [/level=(\w+)/.exec(plaintext(line))?.[1], cef(line).split('|')[6]]
  })
  assert.deepEqual(words, [
    ['debug', '0'],
    ['info', '1'],
    ['warning', '3'],
    ['error', '6'],
    ['fatal', '8'],
    ['panic', '10'],
  ])
})

test('no format lets a value begin a new line', () => {
  const hostile = record(0, 'info', 'a\r\nlevel=error', { f: 'x\r\ny\u2028z\0', 'n\nm': 'v' })
  for (const format of [plaintext, json, cef, colouredPlaintext]) {
    const line = format(hostile)
    assert.equal(line.indexOf('\n'), line.length - 1)
    assert.ok(!line.includes('\r'))
  }
})

test('characters outside the printable ones are escaped as in Go', () => {
  const odd = record(0, 'info', '\x07\b\f\r\t\v\x01\x7f\u0085\u00a0\u2028\u{e0001}é😀')
  assert.equal(
    plaintext(odd),
    'time="1970-01-01T00:00:00Z" level=info msg="\\a\\b\\f\\r\\t\\v\\x01\\x7f\\u0085\\u00a0\\u2028\\U000e0001é😀"\n',
  )
  assert.match(
    json(record(0, 'info', '\b\f\r\t\x7f\u2028\ud800😀')),
    /"msg":"\\u0008\\u000c\\r\\t\x7f\\u2028\ufffd😀"/,
  )
})

test('a backslash, a bar and an equals sign are escaped in CEF everywhere', () => {
  const odd = record(0, 'info', 'a\\b|c=d', { 'k=|\\': ' \\ | = ' })
  assert.equal(
    cef(odd),
    'CEF:0|cossacklabs|acra-server|0.90.0|100|a\\\\b\\|c\\=d|1|"k\\\\=\\\\|\\\\\\\\"=\\\\ \\| \\= unixTime=0.000 \n',
  )
})

test('an error is told with its causes, and one that is no error is told by its kind', () => {
  const cause = new Error('EACCES: permission denied')
  const nested = record(0, 'error', 'm', { error: new Error('cannot open the store', { cause }) })
  assert.match(plaintext(nested), /error="cannot open the store: EACCES: permission denied"/)
  assert.match(plaintext(record(0, 'error', 'm', { error: { secret: 1 } })), /error="\(object\)"/)
})

test('a terminal gets colours, short levels and a padded message', () => {
  assert.equal(
    colouredPlaintext(record(0, 'warning', 'careful', { client_id: 'a b' })),
    `\x1b[33mWARN\x1b[0m[1970-01-01T00:00:00Z] ${'careful'.padEnd(44)} \x1b[33mclient_id\x1b[0m="a b"\n`,
  )
  assert.equal(
    elapsedPlaintext(1000)(record(62_500, 'info', 'done')),
    `\x1b[36mINFO\x1b[0m[0061] ${'done'.padEnd(44)}\n`,
  )
  assert.ok(!colouredPlaintext(record(0, 'info', 'a\x1b[2Jb')).includes('\x1b[2J'))
})

test('times carry the offset of the machine', () => {
  assert.equal(localTime(Date.UTC(2021, 6, 12, 11, 2, 12), 180), '2021-07-12T14:02:12+03:00')
  assert.equal(localTime(Date.UTC(2021, 0, 1), -210), '2020-12-31T20:30:00-03:30')
  assert.equal(unixTime(1612325106789.9), '1612325106.789')
})
