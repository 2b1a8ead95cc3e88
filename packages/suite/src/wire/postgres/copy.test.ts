import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferSink } from '../../foundation/index.ts'
import { ProtocolError } from '../protocol-error.ts'
import { CopyCutter, type CopyFormat, fieldsOf } from './copy.ts'
import { CopyRowWriter } from './copy-writer.ts'

const text: CopyFormat = {
  kind: 'text',
  delimiter: 0x09,
  quote: 0x22,
  escapeMark: 0x22,
  nullText: Buffer.from('\\N'),
  hasHeader: false,
}
const csv: CopyFormat = { ...text, kind: 'csv', delimiter: 0x2c, nullText: Buffer.from('') }
const formats: readonly CopyFormat[] = [
  text,
  { ...text, delimiter: 0x7c, nullText: Buffer.from('nothing') },
  csv,
  { ...csv, escapeMark: 0x5c, quote: 0x27 },
  { ...text, kind: 'binary' },
]

const values = [
  '',
  'plain',
  '\\x6162',
  'tab\tand|, "\'',
  'a\\\nb\rc\\',
  '\\.',
  '\\N',
  'null',
  '\b\f\v',
].map((value) => Buffer.from(value))

/** A row of these values as the writer makes it of nothing but their ends. */
function written(format: CopyFormat, fields: readonly (Buffer | null)[]): Buffer {
  const out = new BufferSink(1)
  const writer = new CopyRowWriter(format)
  const count = Buffer.alloc(2)
  count.writeInt16BE(fields.length)
  writer.begin(format.kind === 'binary' ? count : Buffer.from('\n'), out)
  for (const field of fields) {
    if (field === null) writer.keep(null)
    else {
      writer.beginField()
      out.append(field)
      writer.endField(true)
    }
  }
  writer.end()
  return out.take()
}

test('behind the end of a text nothing is read, whatever messages it comes in', () => {
  const data = Buffer.from('1\tx\n\\.\n\n\n2\ty\n')
  for (let cut = 0; cut <= data.length; cut++) {
    const cutter = new CopyCutter(text, 1 << 20)
    const chunks = [data.subarray(0, cut), data.subarray(cut)]
    const records = [...chunks.flatMap((chunk) => cutter.push(chunk)), ...cutter.finish()]
    const found = records.map(({ kind, bytes }) => [kind, bytes.toString()])
    assert.deepEqual(found, [
      ['row', '1\tx\n'],
      ['other', '\\.\n'],
    ])
  }
})

function read(format: CopyFormat, chunks: readonly Buffer[]): (Buffer | null)[][] {
  const cutter = new CopyCutter(format, 1 << 20)
  const records = chunks.flatMap((chunk) => cutter.push(chunk))
  return [...records, ...cutter.finish()]
    .filter(({ kind }) => kind === 'row')
    .map(({ bytes }) => fieldsOf(format, bytes).map((field) => field?.value ?? null))
}

const binaryHeader = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])

test('rows that are written come back whole wherever the data is cut', () => {
  const rows = [values, [null, ...values.slice(1)], values.map(() => null)]
  for (const format of formats) {
    const head = format.kind === 'binary' ? [binaryHeader] : []
    const data = Buffer.concat([...head, ...rows.map((row) => written(format, row))])
    for (let cut = 0; cut <= data.length; cut++) {
      const chunks = [data.subarray(0, cut), data.subarray(cut)]
      assert.deepEqual(read(format, chunks), rows, `${format.kind}, cut at ${cut}`)
    }
  }
})

test('values are escaped as PostgreSQL escapes them', () => {
  assert.equal(written(text, [Buffer.from('\\x61\t\n')]).toString(), '\\\\x61\\t\\n\n')
  assert.equal(written(csv, [Buffer.from('a"b')]).toString(), '"a""b"\n')
})

test('every escape of the text format is read', () => {
  const line = Buffer.from('\\t\\101\\x4a\\x4\\.\\\\t\\0z\\\n')
  assert.deepEqual(fieldsOf(text, Buffer.concat([line, Buffer.from('\n')])), [
    {
      raw: line,
      value: Buffer.from('\tAJ\x04.\\t\0z\n'),
      isQuoted: false,
    },
  ])
})

test('a field that is kept stands as it came', () => {
  const out = new BufferSink()
  const writer = new CopyRowWriter(csv)
  writer.begin(Buffer.from('1,2\r\n'), out)
  writer.keep(Buffer.from('1'))
  writer.beginField()
  writer.keepField(Buffer.from('2'))
  writer.end()
  assert.equal(out.take().toString(), '1,2\r\n')
})

test('a carriage return inside a line of text is refused', () => {
  assert.throws(() => fieldsOf(text, Buffer.from('a\rb\n')), ProtocolError)
})
