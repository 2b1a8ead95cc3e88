import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PathChange } from '../../sql/index.ts'
import { SearchPaths, sessionNames } from './search-paths.ts'

function set(path: string, more: { isLocal?: boolean; isCertain?: boolean } = {}): PathChange {
  return { kind: 'set', path: [path], isLocal: false, isCertain: true, ...more }
}

function session(path: string | null = 'public'): SearchPaths {
  const paths = new SearchPaths({ user: 'ann', path })
  paths.settled('I')
  return paths
}

/** Possible paths in one line each. */
function told({ paths }: SearchPaths): string[] {
  return paths.map((path) => path?.join() ?? 'unknown')
}

test('a reported path counts, and the name of the user stands in it', () => {
  const paths = new SearchPaths({ user: 'ann', path: null })
  assert.deepEqual(told(paths), ['unknown'])
  paths.learn({ name: 'search_path', value: '"$user", Public,"A ""b"""' })
  paths.settled('I')
  assert.deepEqual(told(paths), ['ann,public,A "b"'])
  paths.sent([{ kind: 'role' }])
  paths.settled('I')
  assert.deepEqual(told(paths), ['unknown'])
})

test('until the database has answered, the old path and the new one are possible', () => {
  const paths = session()
  const before = paths.key
  paths.sent([set('archive')])
  assert.deepEqual(told(paths), ['public', 'archive'])
  assert.notEqual(paths.key, before)
  paths.completed('SET')
  paths.settled('I')
  assert.deepEqual(told(paths), ['archive'])
  paths.sent([{ kind: 'reset' }])
  paths.settled('I')
  assert.equal(paths.key, before)
})

test('a statement that has failed, and one that may not have set it, leave both possible', () => {
  const failed = session()
  failed.sent([set('archive')])
  failed.failed()
  failed.settled('I')
  assert.deepEqual(told(failed), ['public', 'archive'])
  const uncertain = session()
  uncertain.sent([set('archive', { isCertain: false })])
  uncertain.settled('I')
  assert.deepEqual(told(uncertain), ['public', 'archive'])
  uncertain.sent([set('archive')])
  uncertain.settled('I')
  assert.deepEqual(told(uncertain), ['archive'])
})

test('what is set for a transaction ends with it, however that ends', () => {
  for (const tag of ['COMMIT', 'ROLLBACK']) {
    const paths = session()
    paths.sent([set('archive', { isLocal: true })])
    paths.settled('T')
    assert.deepEqual(told(paths), ['archive'])
    paths.sent([{ kind: 'end' }])
    assert.deepEqual(told(paths), ['public', 'archive'])
    paths.completed(tag)
    paths.settled('I')
    assert.deepEqual(told(paths), ['public'])
  }
})

test('what is set in a transaction lasts where it is committed, and may be undone where it is not', () => {
  const ends = { COMMIT: ['archive'], ROLLBACK: ['public', 'archive'] }
  for (const [tag, expected] of Object.entries(ends)) {
    const paths = session()
    paths.sent([set('archive')])
    paths.settled('T')
    paths.sent([{ kind: 'end' }])
    paths.completed(tag)
    paths.settled('I')
    assert.deepEqual(told(paths), expected)
  }
})

test('after a part of a transaction is undone, nothing is certain before its end', () => {
  const paths = session()
  paths.sent([set('archive')])
  paths.settled('T')
  paths.sent([{ kind: 'end' }])
  paths.completed('ROLLBACK')
  paths.settled('T')
  assert.deepEqual(told(paths), ['public', 'archive'])
})

test('the start-up packet may name the path in both ways', () => {
  const named = (...parameters: [string, string][]) => sessionNames(new Map(parameters)).path
  assert.equal(named(['user', 'ann']), null)
  assert.equal(named(['options', '-c geqo=off --search-path=a,b -cwork_mem=1']), 'a,b')
  assert.equal(named(['options', '-c search_path=a,\\ "b\\ c"']), 'a, "b c"')
  assert.equal(named(['search_path', 'x'], ['options', '-c search_path=y']), 'x')
})
