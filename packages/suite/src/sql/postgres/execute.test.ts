import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyzeSql, catalogOf } from './testing/index.ts'

test('values of EXECUTE are followed under casts that change nothing', () => {
  const catalog = catalogOf({
    tables: { 'public.users': { columns: ['email'], protect: ['email'] } },
  })
  const kinds = (given: string) => {
    const analysis = analyzeSql(`EXECUTE q (${given})`, catalog)
    const named = analysis.kind === 'planned' ? analysis.statements[0]?.named : null
    return named?.action === 'execute'
      ? named.arguments.map((one) => (typeof one === 'string' ? one : 'literal')).join(' ')
      : analysis.kind
  }
  const carried = "'x'::text, CAST('x' AS varchar), varchar 'x', 5::int, -5, NULL"
  assert.equal(kinds(carried), 'literal literal literal literal literal null')
  const others =
    "('x')::text, 'xxxx'::varchar(3), 'x' || 'y', -5::int, 'x'::bytea, 'x'::date, NULL::text"
  assert.equal(kinds(others), 'other other other other other other other')
})
