import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferSink } from '../../foundation/index.ts'
import {
  beginBind,
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeQuery,
  decodeTarget,
  encodeParse,
  encodeQuery,
  endBind,
  formatAt,
  openParameters,
} from './frontend.ts'
import {
  bind,
  close,
  describe,
  execute,
  frame,
  int16,
  int32,
  parse,
  query,
  string,
} from './testing/index.ts'
import { ValueReader } from './values.ts'
import { MessageWriter } from './writer.ts'

const broken = { code: 'protocol-error' }

/** Decodes a message that stands in the middle of a chunk. */
function inside<T>(message: Buffer, decode: (bytes: Buffer, start: number, end: number) => T) {
  const bytes = Buffer.concat([Buffer.from('before'), message, Buffer.from('after\0')])
  return { bytes, decoded: decode(bytes, 6, 6 + message.length) }
}

const text = ({
  bytes,
  decoded,
}: ReturnType<typeof inside<{ textStart: number; textEnd: number }>>) =>
  bytes.toString('utf8', decoded.textStart, decoded.textEnd)

function parametersOf(message: Buffer): (string | null)[] {
  const { bytes, decoded } = inside(message, decodeBind)
  const values = new ValueReader()
  openParameters(bytes, decoded, values)
  const found: (string | null)[] = []
  while (values.next()) {
    found.push(values.isNull ? null : bytes.toString('latin1', values.start, values.end))
  }
  return found
}

test('the text of a query is found and written', () => {
  assert.equal(text(inside(query("select 'ö'"), decodeQuery)), "select 'ö'")
  const sink = new BufferSink()
  encodeQuery(Buffer.from('select 1'), sink)
  assert.deepEqual(sink.take(), query('select 1'))
})

test('a query must end with the zero byte that ends its text', () => {
  for (const message of [
    frame('Q'),
    frame('Q', Buffer.from('select 1')),
    frame('Q', string('select 1'), string('drop')),
    frame('Q', string('select 1'), Buffer.of(0)),
  ]) {
    assert.throws(() => inside(message, decodeQuery), broken)
  }
})

test('a zero byte cannot be smuggled into a text', () => {
  assert.throws(() => encodeQuery(Buffer.from('a\0b'), new BufferSink()), broken)
  assert.throws(() => encodeParse('', Buffer.from('a\0b'), [], new BufferSink()), broken)
})

test('Parse gives name, text and types, and is written alike', () => {
  const message = parse('s1', 'select $1', [17, 0, 4_000_000_000])
  const parsed = inside(message, decodeParse)
  assert.equal(parsed.decoded.statement, 's1')
  assert.equal(text(parsed), 'select $1')
  assert.deepEqual(parsed.decoded.parameterTypes, [17, 0, 4_000_000_000])
  const sink = new BufferSink()
  encodeParse('s1', Buffer.from('select $1'), [17, 0, 4_000_000_000], sink)
  assert.deepEqual(sink.take(), message)
})

test('names keep apart what their bytes keep apart, whatever the encoding', () => {
  const named = (byte: number) => frame('C', Buffer.of(0x53, byte, 0))
  const first = inside(named(0xff), decodeTarget).decoded
  const second = inside(named(0xfe), decodeTarget).decoded
  assert.notEqual(first.name, second.name)
})

test('a Bind gives names, formats and parameters', () => {
  const message = bind('p', 's', ['a', null, '', 'long'.repeat(100)], [1], [0, 1])
  const { decoded } = inside(message, decodeBind)
  assert.equal(decoded.portal, 'p')
  assert.equal(decoded.statement, 's')
  assert.deepEqual(decoded.parameterFormats, [1])
  assert.deepEqual(decoded.resultFormats, [0, 1])
  assert.deepEqual(parametersOf(message), ['a', null, '', 'long'.repeat(100)])
})

test('formats follow the rule of none, one or each', () => {
  assert.equal(formatAt([], 3), 0)
  assert.equal(formatAt([1], 3), 1)
  assert.equal(formatAt([0, 1], 1), 1)
})

test('any Bind is written as it was read', () => {
  const value = fc.option(fc.uint8Array({ maxLength: 40 }))
  const formats = fc.array(fc.constantFrom(0, 1), { maxLength: 1 })
  fc.assert(
    fc.property(fc.array(value, { maxLength: 12 }), formats, formats, (values, input, output) => {
      const message = bind('portal', 'statement', values, input, output)
      const { bytes, decoded } = inside(message, decodeBind)
      const reader = new ValueReader()
      openParameters(bytes, decoded, reader)
      const writer = new MessageWriter(new BufferSink())
      beginBind(decoded, writer)
      while (reader.next()) {
        writer.beginValue()
        if (reader.isNull) writer.nullValue()
        else {
          writer.bytes(bytes, reader.start, reader.end)
          writer.endValue()
        }
      }
      endBind(decoded, writer)
      assert.deepEqual(writer.sink.take(), message)
    }),
  )
})

test('a Bind with counts or lengths that do not fit is refused', () => {
  const names = Buffer.alloc(2)
  const bad = [
    frame('B'),
    frame('B', names),
    frame('B', names, int16(1)),
    frame('B', names, int16(-1)),
    frame('B', names, int16(1), int16(2), int16(0), int16(0)),
    frame('B', names, int16(0), int16(-1), int16(0)),
    frame('B', names, int16(0), int16(1), int32(-2), int16(0)),
    frame('B', names, int16(0), int16(1), int32(2 ** 31 - 1), int16(0)),
    frame('B', names, int16(0), int16(1), int32(3), int16(0)),
    frame('B', names, int16(0), int16(1), int32(-1), int16(1)),
    frame('B', names, int16(0), int16(1), int32(-1), int16(0), Buffer.of(0)),
    bind('', '', ['a', 'b', 'c'], [0, 1]),
  ]
  for (const message of bad) {
    assert.throws(() => inside(message, decodeBind), broken, message.toString('hex'))
  }
})

test('Describe and Close name a statement or a portal', () => {
  assert.deepEqual(inside(describe('S', 'x'), decodeTarget).decoded, {
    kind: 'statement',
    name: 'x',
  })
  assert.deepEqual(inside(close('P', ''), decodeTarget).decoded, { kind: 'portal', name: '' })
  assert.throws(() => inside(frame('D', string('Xname')), decodeTarget), broken)
  assert.throws(() => inside(frame('D'), decodeTarget), broken)
})

test('Execute gives portal and row limit', () => {
  assert.deepEqual(inside(execute('p', 7), decodeExecute).decoded, { portal: 'p', rowCountMax: 7 })
  assert.throws(() => inside(frame('E', string('p'), int16(7)), decodeExecute), broken)
})

test('damaged messages are refused or decoded, and never read outside', () => {
  const whole = [
    bind('p', 's', ['abc', null], [0, 1], [1]),
    parse('s', 'select', [23]),
    execute('p', 1),
  ]
  const decoders = [decodeBind, decodeParse, decodeExecute, decodeQuery, decodeTarget]
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.nat(60),
      fc.nat(255),
      fc.nat(60),
      fc.constantFrom(...decoders),
      (message, at, byte, cut, decode) => {
        const damaged = Buffer.from(message.subarray(0, Math.max(5, message.length - cut)))
        damaged[5 + (at % Math.max(1, damaged.length - 5))] = byte
        try {
          decode(damaged, 0, damaged.length)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'protocol-error', String(error))
        }
      },
    ),
    { numRuns: 5000 },
  )
})
