import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferSink } from '../../foundation/index.ts'
import {
  beginDataRow,
  decodeAuthentication,
  decodeBackendKeyData,
  decodeCommandComplete,
  decodeErrorFields,
  decodeNegotiateProtocolVersion,
  decodeParameterDescription,
  decodeParameterStatus,
  decodeReadyForQuery,
  encodeErrorResponse,
  encodeReadyForQuery,
  openDataRow,
  retypeParameterDescription,
  retypeRowDescription,
} from './backend.ts'
import {
  authentication,
  backendKeyData,
  commandComplete,
  dataRow,
  errorResponse,
  frame,
  int16,
  int32,
  parameterDescription,
  parameterStatus,
  readyForQuery,
  rowDescription,
  string,
} from './testing/index.ts'
import { ValueReader } from './values.ts'
import { MessageWriter } from './writer.ts'

const broken = { code: 'protocol-error' }

function inside<T>(message: Buffer, decode: (bytes: Buffer, start: number, end: number) => T): T {
  const bytes = Buffer.concat([Buffer.from('before'), message, Buffer.from('after\0')])
  return decode(bytes, 6, 6 + message.length)
}

function cellsOf(message: Buffer): (string | null)[] {
  return inside(message, (bytes, start, end) => {
    const values = new ValueReader()
    openDataRow(bytes, start, end, values)
    const cells: (string | null)[] = []
    while (values.next()) {
      cells.push(values.isNull ? null : bytes.toString('latin1', values.start, values.end))
    }
    return cells
  })
}

const fields = [
  { name: 'id', tableOid: 16_400, columnNumber: 1, typeOid: 23, typeSize: 4 },
  { name: 'größe', tableOid: 16_400, columnNumber: 2, typeOid: 17, typeModifier: 9, format: 1 },
]

/** What is asked of a RowDescription's fields. */
const asked = (bytes: Buffer, start: number, end: number) => {
  const all: number[][] = []
  retypeRowDescription(bytes, start, end, (...field) => {
    all.push(field)
    return null
  })
  return all
}

test('a RowDescription is asked for each field, with its type and their number', () => {
  assert.deepEqual(inside(rowDescription(...fields), asked), [
    [0, 23, 2],
    [1, 17, 2],
  ])
  assert.deepEqual(inside(rowDescription(), asked), [])
})

test('a RowDescription is given other types in a copy', () => {
  const original = rowDescription(...fields)
  const untouched = Buffer.from(original)
  const changed = inside(original, (bytes, start, end) =>
    retypeRowDescription(bytes, start, end, (index) =>
      index === 1 ? { oid: 25, size: -1 } : null,
    ),
  )
  const expected = rowDescription(fields[0], { ...fields[1], typeOid: 25, typeModifier: -1 })
  assert.deepEqual(changed, expected)
  assert.deepEqual(original, untouched)
})

test('descriptions in which nothing changes are not copied', () => {
  const none = () => null
  const row = rowDescription(...fields)
  assert.equal(retypeRowDescription(row, 0, row.length, none), null)
  const parameters = parameterDescription(17)
  assert.equal(retypeParameterDescription(parameters, 0, parameters.length, none), null)
})

test('a ParameterDescription is read and given other types', () => {
  const message = parameterDescription(23, 17, 4_000_000_000)
  assert.deepEqual(inside(message, decodeParameterDescription), [23, 17, 4_000_000_000])
  const changed = inside(message, (bytes, start, end) =>
    retypeParameterDescription(bytes, start, end, (index) => (index === 1 ? 25 : null)),
  )
  assert.deepEqual(changed, parameterDescription(23, 25, 4_000_000_000))
})

test('the cells of a DataRow are walked in place', () => {
  assert.deepEqual(cellsOf(dataRow('a', null, '', 'bcd')), ['a', null, '', 'bcd'])
  assert.deepEqual(cellsOf(dataRow()), [])
})

test('a DataRow with counts or lengths that do not fit is refused', () => {
  const bad = [
    frame('D'),
    frame('D', Buffer.of(0)),
    frame('D', int16(1)),
    frame('D', int16(-1)),
    frame('D', int16(1), int32(1)),
    frame('D', int16(1), int32(-2), Buffer.alloc(8)),
    frame('D', int16(1), int32(2 ** 31 - 1), Buffer.alloc(8)),
    frame('D', int16(2), int32(3), Buffer.alloc(4)),
    frame('D', int16(2), int32(2), Buffer.alloc(2), int32(1)),
    frame('D', int16(1), int32(1), Buffer.alloc(2)),
    frame('D', int16(0), Buffer.alloc(1)),
  ]
  for (const message of bad) assert.throws(() => cellsOf(message), broken, message.toString('hex'))
})

test('any DataRow is written as it was read', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.uint8Array({ maxLength: 40 })), { maxLength: 12 }),
      (cells) => {
        const message = dataRow(...cells)
        const values = new ValueReader()
        openDataRow(message, 0, message.length, values)
        const writer = new MessageWriter(new BufferSink())
        beginDataRow(values.count, writer)
        while (values.next()) {
          writer.beginValue()
          if (values.isNull) writer.nullValue()
          else {
            writer.bytes(message, values.start, values.end)
            writer.endValue()
          }
        }
        writer.endFrame()
        assert.deepEqual(writer.sink.take(), message)
      },
    ),
  )
})

test('a value or a frame that was begun can be taken back', () => {
  const writer = new MessageWriter(new BufferSink())
  beginDataRow(1, writer)
  writer.beginValue()
  writer.bytes(Buffer.from('half a value'))
  writer.nullValue()
  writer.endFrame()
  beginDataRow(3, writer)
  writer.dropFrame()
  assert.deepEqual(writer.sink.take(), dataRow(null))
})

test('errors are written with S, V, C, M and H in order', () => {
  const sink = new BufferSink()
  const report = { sqlState: '0A000', message: 'größer', hint: 'do this' } as const
  encodeErrorResponse({ ...report, severity: 'ERROR' }, sink)
  const expected = { S: 'ERROR', V: 'ERROR', C: '0A000', M: 'größer', H: 'do this' }
  const message = sink.take()
  assert.deepEqual(message, errorResponse(expected))
  assert.deepEqual(inside(message, decodeErrorFields), new Map(Object.entries(expected)))
  encodeErrorResponse({ ...report, severity: 'FATAL', hint: null }, sink)
  assert.deepEqual([...decodeErrorFields(sink.bytes, 0, sink.length).keys()].join(''), 'SVCM')
})

test('a zero byte in a message text does not make fields', () => {
  const sink = new BufferSink()
  encodeErrorResponse({ severity: 'ERROR', sqlState: '42601', message: 'a\0Hb', hint: null }, sink)
  const fieldsRead = inside(sink.take(), decodeErrorFields)
  assert.equal(fieldsRead.get('M'), 'a Hb')
  assert.equal(fieldsRead.has('H'), false)
})

test('small messages are decoded', () => {
  assert.equal(inside(commandComplete('SELECT 3'), decodeCommandComplete), 'SELECT 3')
  assert.equal(inside(readyForQuery('T'), decodeReadyForQuery), 'T')
  assert.deepEqual(inside(parameterStatus('client_encoding', 'UTF8'), decodeParameterStatus), {
    name: 'client_encoding',
    value: 'UTF8',
  })
  assert.equal(inside(authentication(10, string('SCRAM-SHA-256')), decodeAuthentication), 10)
  for (const size of [4, 32, 256]) {
    const secret = Buffer.alloc(size, 9)
    const decoded = inside(backendKeyData(77, secret), decodeBackendKeyData)
    assert.deepEqual(decoded, { processId: 77, secret })
  }
  const negotiate = frame('v', int32(196_610), int32(2), string('_pq_.a'), string('_pq_.b'))
  assert.deepEqual(inside(negotiate, decodeNegotiateProtocolVersion), {
    minor: 2,
    unknownOptions: ['_pq_.a', '_pq_.b'],
  })
})

test('ReadyForQuery is written', () => {
  const sink = new BufferSink()
  encodeReadyForQuery('E', sink)
  assert.deepEqual(sink.take(), readyForQuery('E'))
})

test('malformed small messages are refused', () => {
  const cases: [Buffer, (bytes: Buffer, start: number, end: number) => unknown][] = [
    [frame('C'), decodeCommandComplete],
    [frame('C', Buffer.from('SELECT')), decodeCommandComplete],
    [frame('Z'), decodeReadyForQuery],
    [readyForQuery('X'), decodeReadyForQuery],
    [frame('Z', Buffer.from('II')), decodeReadyForQuery],
    [frame('S', string('name')), decodeParameterStatus],
    [backendKeyData(1, Buffer.alloc(3)), decodeBackendKeyData],
    [backendKeyData(1, Buffer.alloc(257)), decodeBackendKeyData],
    [frame('K', int16(1)), decodeBackendKeyData],
    [frame('v', int32(0), int32(2 ** 31 - 1)), decodeNegotiateProtocolVersion],
    [frame('v', int32(0), int32(-1)), decodeNegotiateProtocolVersion],
    [frame('E', string('Mtext')), decodeErrorFields],
    [frame('E', Buffer.from('M')), decodeErrorFields],
    [frame('E', Buffer.of(0, 0)), decodeErrorFields],
    [frame('T', int16(1), string('a')), asked],
    [frame('T', int16(-1)), asked],
    [frame('T', int16(0), Buffer.of(0)), asked],
    [frame('t', int16(2), int32(1)), decodeParameterDescription],
    [frame('t', int16(0), int32(1)), decodeParameterDescription],
    [frame('R', int16(0)), decodeAuthentication],
  ]
  for (const [message, decode] of cases) {
    assert.throws(
      () => inside(message, decode),
      broken,
      `${decode.name} ${message.toString('hex')}`,
    )
  }
})
