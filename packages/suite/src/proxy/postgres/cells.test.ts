import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferSink } from '../../foundation/index.ts'
import { anyColumn, columnFor, type DataType } from '../../transform/index.ts'
import {
  accessOf,
  atOnce,
  MemoryKeystore,
  protect,
  settingOf,
} from '../../transform/testing/index.ts'
import {
  BINARY_FORMAT,
  encodeByteaHex,
  type Format,
  TEXT_FORMAT,
} from '../../wire/postgres/index.ts'
import { revealCell } from './cells.ts'
import { RefusedError } from './refusal.ts'
import { ofType, plainOfText } from './values.ts'

const UTF8 = { isUtf8: true }
const types: readonly (DataType | null)[] = ['str', 'bytes', null]
const keystore = new MemoryKeystore().generate('alice').generate('bob')
const alice = accessOf('alice', keystore)

function sealed(plain: string | Uint8Array, owner = 'alice'): Buffer {
  return protect(columnFor(settingOf()), plain, accessOf(owner, keystore))
}

function hex(bytes: Uint8Array): Buffer {
  const out = new BufferSink()
  encodeByteaHex(bytes, 0, bytes.length, out)
  return out.take()
}

/** PostgreSQL's escape form of a bytea. */
function escaped(bytes: Uint8Array): Buffer {
  const parts = [...bytes].map((byte) => {
    if (byte === 0x5c) return '\\\\'
    if (byte >= 0x20 && byte <= 0x7e) return String.fromCharCode(byte)
    return `\\${byte.toString(8).padStart(3, '0')}`
  })
  return Buffer.from(parts.join(''))
}

/** What the application gets of a cell, which stands in the middle of a larger message; null where it is passed as it came. */
function cell(stored: Uint8Array, format: Format, dataType: DataType | null | 'unconfigured') {
  const message = Buffer.concat([Buffer.from('%%%252525""""'), stored, Buffer.from('22222222')])
  const setting = dataType === 'unconfigured' ? null : settingOf({ dataType })
  const column = setting === null ? anyColumn : columnFor(setting)
  const out = new BufferSink()
  out.append(Buffer.from('row'))
  const revealed = atOnce(
    revealCell(message, 13, 13 + stored.length, format, setting, column, alice, out),
  )
  const written = out.take()
  assert.equal(written.subarray(0, 3).toString(), 'row')
  if (revealed) return written.subarray(3)
  assert.equal(written.length, 3, 'nothing is appended for a cell that stays')
  return null
}

test('a literal or text parameter means its own text for a column of text', () => {
  for (const text of ['text', '\\x616263', '\\\\', 'a\\142c', '']) {
    assert.equal(
      plainOfText(settingOf({ dataType: 'str' }), Buffer.from(text), UTF8).toString(),
      text,
    )
  }
})

test('a literal or text parameter means what bytea reads there for every other column', () => {
  const read: [string, string][] = [
    ['\\x616263', 'abc'],
    ['\\x616263'.toUpperCase().replace('X', 'x'), 'abc'],
    ['\\x', ''],
    ['\\x61 62\n63\t', 'abc'],
    ['a\\142c', 'abc'],
    ['a\\\\c', 'a\\c'],
    ['abc', 'abc'],
    ['', ''],
    ['line\nbreak', 'line\nbreak'],
  ]
  for (const dataType of ['bytes', null] as const) {
    for (const [text, plain] of read) {
      assert.equal(
        plainOfText(settingOf({ dataType }), Buffer.from(text), UTF8).toString(),
        plain,
        text,
      )
    }
  }
})

test('a text with a backslash that bytea would refuse is taken as it is', () => {
  for (const text of ['\\', 'a\\b', '\\400', '\\9', 'ü\\']) {
    assert.equal(
      plainOfText(settingOf({ dataType: 'bytes' }), Buffer.from(text), UTF8).toString(),
      text,
    )
  }
})

test('a text that begins as hex and is none is refused, as PostgreSQL does', () => {
  for (const text of ['\\xylo', '\\x6', '\\x6 1', '\\x0g', '\\x616']) {
    for (const dataType of ['bytes', null] as const) {
      const setting = settingOf({ dataType })
      assert.throws(
        () => ofType(setting, () => plainOfText(setting, Buffer.from(text), UTF8)),
        (error) => error instanceof RefusedError && error.refusal.sqlState === '22023',
        text,
      )
    }
  }
})

test('decrypted bytes are shown in the form that bytea_output gives the cell', () => {
  const plain = Buffer.from([0, 0x41, 0x5c, 0x27, 0x7e, 0x7f, 0xff])
  for (const type of ['bytes', null, 'unconfigured'] as const) {
    assert.deepEqual(cell(escaped(sealed(plain)), TEXT_FORMAT, type), escaped(plain), `${type}`)
    assert.deepEqual(cell(hex(sealed(plain)), TEXT_FORMAT, type), hex(plain), `${type}`)
  }
})

test('a decrypted cell in text format is the text itself, or hex', () => {
  for (const form of [hex, escaped, (bytes: Uint8Array) => bytes]) {
    for (const plain of ['a@b.example', 'ü', '\\x61', 'x'.repeat(5_000)]) {
      const stored = form(sealed(plain))
      assert.equal(cell(stored, TEXT_FORMAT, 'str')?.toString(), plain)
      const bytes = (form === escaped ? escaped : hex)(Buffer.from(plain))
      for (const type of ['bytes', null, 'unconfigured'] as const) {
        assert.deepEqual(cell(stored, TEXT_FORMAT, type), bytes, `${type}`)
      }
    }
  }
})

test('a decrypted cell in binary format is the bytes themselves', () => {
  for (const plain of ['a@b.example', '\\x61', 'x'.repeat(5_000)]) {
    for (const type of [...types, 'unconfigured'] as const) {
      assert.equal(cell(sealed(plain), BINARY_FORMAT, type)?.toString(), plain)
    }
  }
})

test('bytes of every value come out right in every form', () => {
  const plain = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  for (const form of [hex, escaped]) {
    assert.deepEqual(cell(form(sealed(plain)), TEXT_FORMAT, 'bytes'), form(plain))
  }
  assert.deepEqual(cell(sealed(plain), BINARY_FORMAT, 'bytes'), plain)
})

test('envelopes inside a larger cell are revealed in their places', () => {
  const stored = Buffer.concat([Buffer.from('<'), sealed('one'), sealed('two'), Buffer.from('>')])
  assert.equal(cell(hex(stored), TEXT_FORMAT, 'str')?.toString(), '<onetwo>')
  assert.equal(cell(escaped(stored), TEXT_FORMAT, 'str')?.toString(), '<onetwo>')
  assert.equal(cell(stored, BINARY_FORMAT, null)?.toString(), '<onetwo>')
})

test('a tag is found wherever it stands in a cell', () => {
  for (let before = 0; before < 12; before++) {
    const stored = Buffer.concat([Buffer.alloc(before, 'x'), sealed('text')])
    const plain = `${'x'.repeat(before)}text`
    assert.equal(cell(hex(stored), TEXT_FORMAT, 'str')?.toString(), plain)
    assert.equal(cell(escaped(stored), TEXT_FORMAT, 'str')?.toString(), plain)
    const bare = Buffer.concat([Buffer.alloc(before, 'x'), sealed('text').subarray(12)])
    assert.equal(cell(hex(bare), TEXT_FORMAT, 'str')?.toString(), plain)
    assert.equal(cell(escaped(bare), TEXT_FORMAT, 'str')?.toString(), plain)
  }
})

test('a cell that is not decrypted stays as it came in text format', () => {
  const foreign = sealed('text', 'bob')
  for (const stored of [hex(foreign), escaped(foreign), foreign]) {
    for (const type of [...types, 'unconfigured'] as const) {
      assert.equal(cell(stored, TEXT_FORMAT, type), null)
    }
  }
})

test('what is not decrypted in binary format stays as it came, but a text that is no UTF-8 is shown in hex', () => {
  const foreign = sealed('text', 'bob')
  for (const type of ['bytes', null, 'unconfigured'] as const) {
    assert.equal(cell(foreign, BINARY_FORMAT, type), null)
  }
  assert.deepEqual(cell(foreign, BINARY_FORMAT, 'str'), hex(foreign))
  assert.equal(cell(Buffer.from('plain ü'), BINARY_FORMAT, 'str'), null)
})

test('cells without an envelope stay as they came, and an empty one of a text column is an empty text', () => {
  const texts = ['', 'text', '\\x', '\\x616263', '\\xylo', '\\x2525', '\\', '%%', 'x'.repeat(500)]
  for (const text of texts) {
    for (const type of [...types, 'unconfigured'] as const) {
      const isEmpty = type === 'str' && (text === '' || text === '\\x')
      const shown = cell(Buffer.from(text), TEXT_FORMAT, type)
      assert.deepEqual(shown, isEmpty ? Buffer.alloc(0) : null, `${text} ${type}`)
      if (text !== '') assert.equal(cell(Buffer.from(text), BINARY_FORMAT, type), null, text)
    }
  }
})

test('a malformed hex cell stays as it came', () => {
  const odd = Buffer.concat([hex(sealed('text')), Buffer.from('6')])
  const foul = Buffer.concat([hex(sealed('text')), Buffer.from('zz')])
  for (const type of [...types, 'unconfigured'] as const) {
    assert.equal(cell(odd, TEXT_FORMAT, type), null)
    assert.equal(cell(foul, TEXT_FORMAT, type), null)
  }
})

test('a cell is decoded exactly where a tag stands in what it stands for', () => {
  const byte = fc.oneof(fc.constantFrom(0x25, 0x22, 0x52, 0x32, 0x35), fc.nat(255))
  const runs = fc.array(fc.tuple(byte, fc.integer({ min: 1, max: 5 })), { maxLength: 12 })
  fc.assert(
    fc.property(runs, (list) => {
      const value = Buffer.concat(list.map(([of, size]) => Buffer.alloc(size, of)))
      const holdsTag = value.includes('%%%') || value.includes('""""')
      for (const text of [hex(value), escaped(value)]) {
        const seen: Buffer[] = []
        const column = { reveal: (stored: Uint8Array) => seen.push(Buffer.from(stored)) < 0 }
        revealCell(text, 0, text.length, TEXT_FORMAT, null, column, alice, new BufferSink())
        assert.deepEqual(seen, holdsTag ? [value] : [])
      }
    }),
    { numRuns: 2_000 },
  )
})

test('late keys reveal a cell late', async () => {
  const store = new MemoryKeystore().generate('alice')
  const stored = hex(protect(columnFor(settingOf()), 'text', accessOf('alice', store)))
  store.late = true
  const out = new BufferSink()
  const late = revealCell(
    stored,
    0,
    stored.length,
    TEXT_FORMAT,
    null,
    anyColumn,
    accessOf('alice', store),
    out,
  )
  assert.ok(late instanceof Promise)
  assert.equal(await late, true)
  assert.deepEqual(out.take(), hex(Buffer.from('text')))
})
