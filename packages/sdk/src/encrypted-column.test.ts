import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EncryptedColumn } from './encrypted-column.ts'
import { acra } from './node.ts'
import { AcraReader } from './reader.ts'
import { AcraWriter } from './writer.ts'

const { publicKey, privateKey } = acra.generateKeyPair()
const writer = AcraWriter.forClient(acra, publicKey)
const reader = new AcraReader(acra, { privateKeys: [privateKey] })
const hmacKey = acra.generateSymmetricKey()
const utf8 = (text: string) => new TextEncoder().encode(text)
const hexText = (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`

test('values of each kind come back as they were, from bytes and from the text that PostgreSQL gives', () => {
  const text = EncryptedColumn.text(acra, { writer, reader })
  for (const value of ['a', '', 'für alle', '\ufeffwith a mark', '\\x41']) {
    const stored = text.protect(value)
    assert.equal(text.reveal(stored), value)
    assert.equal(text.isProtected(stored), true)
    assert.equal(text.reveal(hexText(stored)), value)
  }
  const bytes = EncryptedColumn.bytes(acra, { writer, reader, hmacKey })
  const value = Uint8Array.of(0, 255, 127)
  assert.deepEqual(bytes.reveal(bytes.protect(value)), value)
  const json = EncryptedColumn.json<unknown>(acra, { writer, reader })
  for (const value of [{ a: [1, null] }, '', 0, false, 'text']) {
    assert.deepEqual(json.reveal(json.protect(value)), value)
  }
})

test('null and undefined are NULL, and an empty text is stored empty', () => {
  const text = EncryptedColumn.text(acra, { writer, reader, hmacKey })
  assert.equal(text.protect(null), null)
  assert.equal(text.protect(undefined), null)
  assert.equal(text.reveal(null), null)
  assert.equal(text.protect('').length, 0)
})

test('without a reader values are taken as acra-server gives them, and never encrypted ones', () => {
  const options = { writer, hmacKey }
  const text = EncryptedColumn.text(acra, options)
  assert.equal(text.reveal(utf8('in the clear')), 'in the clear')
  assert.equal(text.reveal('of type text'), 'of type text')
  assert.deepEqual(EncryptedColumn.json(acra, options).reveal('{"a":1}'), { a: 1 })
  assert.deepEqual(EncryptedColumn.bytes(acra, options).reveal('\\x00ff'), Uint8Array.of(0, 255))
  for (const stored of [text.protect('a value'), writer.encrypt('a value')]) {
    assert.throws(() => text.reveal(stored), { code: 'STILL_ENCRYPTED' })
  }
})

test('what is no value of the column is an error, which tells nothing of it', () => {
  const text = EncryptedColumn.text(acra, { writer })
  const opened = EncryptedColumn.text(acra, { writer, reader })
  for (const work of [
    () => text.reveal(Uint8Array.of(0xff, 0xfe)),
    () => text.reveal(7),
    () => opened.reveal('in the clear'),
    () => opened.reveal('\\xabc'),
    () => EncryptedColumn.bytes(acra, { writer }).reveal('in the clear'),
    () => EncryptedColumn.json(acra, { writer }).reveal('in the clear'),
  ]) {
    assert.throws(work, { code: 'WRONG_VALUE', message: 'what was read is no value of the column' })
  }
  assert.throws(() => opened.reveal(utf8('in the clear')), { code: 'DECRYPT_FAILED' })
})

test('a searchable column has the search hash before its values, and another has none to search by', () => {
  const text = EncryptedColumn.text(acra, { writer, reader, hmacKey })
  const stored = text.protect('ann@example.com')
  assert.deepEqual(stored.slice(0, 33), text.searchHash('ann@example.com'))
  assert.equal(text.reveal(stored), 'ann@example.com')
  const other = EncryptedColumn.text(acra, { writer })
  assert.equal(other.searchable, false)
  assert.throws(() => other.searchHash('ann@example.com'), { code: 'NOT_SEARCHABLE' })
})
