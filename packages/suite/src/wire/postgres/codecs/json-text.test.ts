import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJson } from './json-text.ts'

function isParsed(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const texts = [
  '',
  ' ',
  '1',
  '-1',
  '-',
  '01',
  '1.',
  '.5',
  '1.5',
  '1e',
  '1e5',
  '1E+5',
  '1e-',
  '-0',
  '+1',
  'NaN',
  'true',
  'tru',
  'truex',
  'null',
  'nul',
  '"',
  '""',
  '"a',
  '"\\"',
  '"\\""',
  '"\\x"',
  '"\\u00e9"',
  '"\\u00e"',
  '"\t"',
  '"\u007f"',
  'é',
  '"é"',
  '[',
  ']',
  '[]',
  '[ ]',
  '[1',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1,2]',
  '{',
  '}',
  '{}',
  '{"a"}',
  '{"a":}',
  '{"a":1}',
  '{"a":1,}',
  '{a:1}',
  '{"a" : [ 1 , {} ] }',
  '[]]',
  '[}',
  '{]',
  '[[]',
  '[[],[]]',
  '1 1',
  ' 1 ',
  '\ufeff1',
  '{"a":1 "b":2}',
  '{"a":1,"b":2}',
  '{1:2}',
  '[1,2]]',
  '"\\',
  '"\\u',
  '[true,false,null]',
  '{"":""}',
  '\v1',
]

test('what is JSON is what JSON.parse takes', () => {
  for (const text of texts) assert.equal(isJson(Buffer.from(text)), isParsed(text), text)
})

test('any JSON is JSON, and with a change what JSON.parse takes', () => {
  const changed = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'[]{},:"\\ 0-e.tx'))
  fc.assert(
    fc.property(changed, ([text, place, other]) => {
      assert.ok(isJson(Buffer.from(text)))
      const at = place % (text.length + 1)
      for (const end of [at, at + 1]) {
        const broken = text.slice(0, at) + other + text.slice(end)
        assert.equal(isJson(Buffer.from(broken)), isParsed(broken), broken)
      }
    }),
    { numRuns: 2000 },
  )
})

test('brackets by the million are read', () => {
  const count = 4_000_000
  assert.ok(isJson(Buffer.from('['.repeat(count) + ']'.repeat(count))))
  assert.ok(!isJson(Buffer.from('['.repeat(count) + ']'.repeat(count - 1))))
})
