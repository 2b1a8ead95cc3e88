import assert from 'node:assert/strict'
import test from 'node:test'
import { shapeOf } from './lex.ts'
import { hasUnquotedBeyondAscii } from './unquoted-names.ts'

const found = (text: string) => hasUnquotedBeyondAscii(shapeOf(Buffer.from(text)).key)

test('letters beyond ASCII count in names without quotes alone', () => {
  for (const text of [
    'SELECT prénom',
    "SELECT 'a' FROM t WHERE PRÉNOM = 'x'",
    'SELECT a."b"É',
    '/* " */ SELECT É /* " */',
    'SELECT 1 -- "\nÉ "',
    'SELECT \' " \', É, "a"',
    'SELECT $é$ text $é$ É',
    `SELECT U&"a" UESCAPE '!', É`,
    'SELECT "É',
  ])
    assert.ok(found(text), text)
  for (const text of [
    'SELECT prenom',
    'SELECT "PRÉNOM", "a""É", U&"É"',
    "SELECT 'É', E'É\\'É', $é$É$é$",
    '/* É /* É */ É */ SELECT 1 -- É',
  ])
    assert.ok(!found(text), text)
})
