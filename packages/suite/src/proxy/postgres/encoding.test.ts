import assert from 'node:assert/strict'
import test from 'node:test'
import { Encoding } from './encoding.ts'

type Setting = readonly [name: string, value: string]

function encodingOf(...settings: readonly Setting[]): Encoding {
  const encoding = new Encoding()
  encoding.learn({ name: 'server_encoding', value: 'UTF8' })
  for (const [name, value] of settings) encoding.learn({ name, value })
  return encoding
}

function refuses(text: string | Buffer, ...settings: readonly Setting[]) {
  return encodingOf(...settings).refusal(Buffer.from(text), true, null) !== null
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

test('backslashes are refused while they are escapes', () => {
  assert.ok(!refuses("SELECT 'a\\b'"))
  assert.ok(refuses("SELECT 'a\\b'", ['standard_conforming_strings', 'off']))
  assert.ok(!refuses("SELECT 'ab'", ['standard_conforming_strings', 'off']))
  const on = ['standard_conforming_strings', 'on'] as const
  assert.ok(!refuses("SELECT 'a\\b'", ['standard_conforming_strings', 'off'], [...on]))
})

test('what has no ordinary string with a backslash means the same by both readings', () => {
  const off = ['standard_conforming_strings', 'off'] as const
  for (const text of ["E'a\\'b'", '$$a\\b$$', '"a\\b"', "'ab' -- \\'"])
    assert.ok(!refuses(`SELECT ${text}`, [...off]), text)
  for (const text of ["N'a\\b'", "'a'\n'\\b'", `U&"a" UESCAPE '\\'`])
    assert.ok(refuses(`SELECT ${text}`, [...off]), text)
})

test('while answers are owed, a setting that was sent or in force once may be in force again', () => {
  const encoding = new Encoding()
  const text = Buffer.from("SELECT 'a\\b'")
  assert.equal(encoding.refusal(text, false, null), null)
  encoding.escapesMayFollow()
  assert.notEqual(encoding.refusal(text, false, null), null)
  assert.equal(encoding.refusal(text, true, null), null)
  encoding.learn({ name: 'standard_conforming_strings', value: 'off' })
  assert.notEqual(encoding.refusal(text, true, null), null)
  encoding.learn({ name: 'standard_conforming_strings', value: 'on' })
  assert.equal(encoding.refusal(text, true, null), null)
  assert.notEqual(encoding.refusal(text, false, null), null)
})

test('characters of more bytes are refused once an encoding was in force in which they may hold a quote', () => {
  assert.ok(!refuses("SELECT 'é'", ['client_encoding', 'UTF8']))
  assert.ok(refuses("SELECT 'é'", ['client_encoding', 'SJIS']))
  assert.ok(!refuses("SELECT 'e'", ['client_encoding', 'SJIS']))
  assert.ok(refuses("SELECT 'é'", ['client_encoding', 'BIG5'], ['client_encoding', 'UTF8']))
})

test('names beyond ASCII are refused in another encoding than UTF8, values are not', () => {
  const encoding = ['client_encoding', 'WIN1251'] as const
  // In UTF-8 these two bytes would be one other letter.
  assert.ok(refuses(latin1('SELECT \xd0\xb8 FROM t'), [...encoding]))
  assert.ok(refuses(latin1('SELECT "\xd0\xb8" FROM t'), [...encoding]))
  assert.ok(!refuses(latin1("SELECT '\xd0\xb8', $$\xe9$$, E'\xe9' FROM t"), [...encoding]))
  assert.ok(!refuses(latin1('SELECT \xd0\xb8 FROM t'), ['client_encoding', 'SQL_ASCII']))
})

test('where nothing is converted the bytes of a name are those of the database', () => {
  const sqlAscii: Setting = ['client_encoding', 'SQL_ASCII']
  assert.ok(!refuses('SELECT "é"', sqlAscii))
  assert.ok(!refuses('SELECT "é"', sqlAscii, ['server_encoding', 'SQL_ASCII']))
  assert.ok(refuses('SELECT "é"', sqlAscii, ['server_encoding', 'LATIN1']))
  assert.ok(!refuses("SELECT 'é'", sqlAscii, ['server_encoding', 'LATIN1']))
})

test('names without quotes are refused where the database may fold letters beyond ASCII', () => {
  const folds = (text: string, server: string, ctype: string | null) =>
    encodingOf(['client_encoding', 'UTF8'], ['server_encoding', server]).refusal(
      Buffer.from(text),
      true,
      ctype,
    ) !== null
  const text = "UPDATE t SET PRÉNOM = 'x'"
  for (const server of ['LATIN1', 'WIN1252', 'KOI8R', 'SQL_ASCII']) {
    assert.ok(folds(text, server, null), server)
    assert.ok(folds(text, server, 'de_DE.ISO-8859-1'), server)
    assert.ok(!folds(text, server, 'C'), server)
    assert.ok(!folds(text, server, 'POSIX'), server)
    assert.ok(!folds(`UPDATE t SET "PRÉNOM" = 'é' -- É`, server, null), server)
  }
  for (const server of ['UTF8', 'EUC_JP']) assert.ok(!folds(text, server, 'de_DE.UTF-8'), server)
  assert.ok(
    new Encoding().refusal(Buffer.from(text), true, null),
    'an encoding that nobody has told',
  )
})
