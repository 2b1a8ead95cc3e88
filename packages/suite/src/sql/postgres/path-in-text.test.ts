import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalog, SearchPath } from '../analysis.ts'
import { analyzeText } from './analyze.ts'
import { shapeOf } from './lex.ts'
import { loadParser } from './parse.ts'
import { readSearchPath } from './search-path.ts'
import { catalogOf } from './testing/index.ts'

const parser = await loadParser()
const users = catalogOf({
  tables: {
    users: { schema: 'public', columns: ['id', 'email'], protect: ['email'] },
    'archive.users': { columns: ['id', 'email'] },
  },
})
/** The first schema of each path decides. */
const catalog: Catalog = {
  ...users,
  unqualified(name, paths) {
    const tables = paths.map((path) => users.table(path?.[0] ?? 'public', name))
    const [first = null] = tables
    const isCertain = tables.every((table) => table === first)
    const doubt = isCertain ? [] : ['one', 'other']
    return { table: first, doubt, readsPath: name === 'users' }
  },
}

function analyze(sql: string, paths: readonly SearchPath[] = [['public']]) {
  const text = Buffer.from(sql)
  return analyzeText(parser, text, shapeOf(text), catalog, paths)
}

function slots(sql: string, paths?: readonly SearchPath[]): number | string {
  const analysis = analyze(sql, paths)
  if (analysis.kind === 'refused') return analysis.refusal.message
  return analysis.kind === 'planned' ? analysis.values.length : 0
}

const insert = "INSERT INTO users (email) VALUES ('ann')"

test('the search path decides what a name without a schema is', () => {
  assert.equal(slots(insert), 1)
  assert.equal(slots(insert, [['archive']]), 0)
  assert.equal(slots(insert, [null]), 1)
  const doubt = 'the name users may mean one or other, which are not protected alike'
  assert.equal(slots(insert, [['public'], ['archive']]), doubt)
  assert.equal(slots(insert.replace('users', 'public.users'), [['archive']]), 1)
})

test('a statement is read by the path that those before it have set', () => {
  assert.equal(slots(`SET search_path = archive; ${insert}`), 0)
  assert.equal(slots(`SET LOCAL search_path TO archive, public; ${insert}`), 0)
  assert.equal(slots(`SET SCHEMA 'archive'; ${insert}`), 0)
  assert.equal(slots(`SELECT set_config('search_path', 'archive', false); ${insert}`), 0)
  assert.equal(slots(`SET search_path = archive; RESET search_path; ${insert}`, [['archive']]), 1)
  assert.equal(slots(`SET search_path = archive; ROLLBACK; ${insert}`, [['archive']]), 1)
  for (const perhaps of [
    "SELECT set_config('search_path', 'archive', false) WHERE 1 = 2",
    "SELECT id, set_config('search_path', 'archive', false) FROM users",
  ]) {
    assert.match(String(slots(`${perhaps}; ${insert}`)), /may mean/)
  }
  assert.match(String(slots(`SELECT app.unknown(); ${insert}`, [['archive']])), /may mean/)
  assert.match(String(slots(`EXECUTE q; ${insert}`, [['archive']])), /may mean/)
})

test('the plan says whether it depends on the path, and what becomes of that', () => {
  const uses = (sql: string) => {
    const analysis = analyze(sql)
    return analysis.kind === 'planned' ? analysis.path : undefined
  }
  assert.deepEqual(uses('SELECT 1 FROM public.users'), undefined)
  assert.deepEqual(uses('SELECT id FROM users'), { reads: true, changes: [] })
  const local = { kind: 'set', path: ['a', 'B'], isLocal: true, isCertain: true }
  assert.deepEqual(uses('SET LOCAL search_path = a, "B"'), { reads: false, changes: [local] })
  const session = { ...local, isLocal: false }
  assert.deepEqual(uses(`SELECT set_config('search_path', 'A, "B"', false)`)?.changes, [session])
  const unknown = { ...session, path: null }
  assert.deepEqual(uses("SELECT set_config('search_path', $1, false)")?.changes, [unknown])
  assert.deepEqual(uses('DISCARD ALL')?.changes, [{ kind: 'reset' }])
  assert.deepEqual(uses('SET ROLE bob')?.changes, [{ kind: 'role' }])
  assert.deepEqual(uses('COMMIT')?.changes, [{ kind: 'end' }])
  assert.equal(uses('ALTER ROLE bob SET search_path = archive'), undefined)
})

test('what may set the path is not prepared by SQL', () => {
  const prepared = "PREPARE q AS SELECT set_config('search_path', 'archive', false)"
  assert.match(String(slots(prepared)), /^PREPARE of a statement/)
})

test('a path is read as the server reads it', () => {
  assert.deepEqual(readSearchPath(' Public, "$user" ,"a""b" '), ['public', '$user', 'a"b'])
  assert.deepEqual(readSearchPath(''), [])
  // Whether É is folded depends on the database.
  assert.equal(readSearchPath('public, École'), null)
  assert.deepEqual(readSearchPath('"École", public'), ['École', 'public'])
  for (const wrong of ['a b', 'a,', '"a', '"a"b', ',']) assert.equal(readSearchPath(wrong), null)
})
