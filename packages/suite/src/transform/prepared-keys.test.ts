import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Soon } from '../foundation/index.ts'
import { PreparedKeys } from './prepared-keys.ts'

interface Prepared {
  readonly owner: string
  wiped: boolean
}

/** Prepared keys of which every one made is kept, with a clock that the test turns. */
function prepared(options: { ownersMax?: number; late?: boolean; owners?: string[] } = {}) {
  const { ownersMax = 10, late = false, owners = ['a', 'b', 'c', 'd'] } = options
  const made: Prepared[] = []
  const clock = { ms: 0 }
  const failure = { error: null as Error | null }
  const load = (owner: string): Soon<readonly Prepared[]> => {
    if (failure.error !== null) {
      if (late) return Promise.reject(failure.error)
      throw failure.error
    }
    const keys = owners.includes(owner) ? [{ owner, wiped: false }] : []
    made.push(...keys)
    return late ? Promise.resolve(keys) : keys
  }
  const keys = new PreparedKeys<Prepared>({
    load,
    wipe: (key) => {
      assert.equal(key.wiped, false, 'a key is overwritten once')
      key.wiped = true
    },
    ownersMax,
    now: () => clock.ms,
  })
  const owner = (name: string) =>
    keys.use(name, ([key]) => {
      assert.equal(key?.wiped ?? false, false, 'a key in use is not overwritten')
      return key?.owner ?? 'none'
    })
  return { keys, made, clock, failure, owner, owners }
}

test('keys are there at once, and asked for once', () => {
  const { owner, made } = prepared()
  assert.equal(owner('a'), 'a')
  assert.equal(owner('a'), 'a')
  assert.equal(made.length, 1)
})

test('late keys are a promise the first time and there at once afterwards', async () => {
  const { owner, made } = prepared({ late: true })
  const first = owner('a')
  assert.ok(first instanceof Promise)
  assert.equal(await first, 'a')
  assert.equal(owner('a'), 'a')
  assert.equal(made.length, 1)
})

test('callers that miss at the same time share one load', async () => {
  const { owner, made } = prepared({ late: true })
  const all = await Promise.all([owner('a'), owner('a'), owner('b'), owner('a')])
  assert.deepEqual(all, ['a', 'a', 'b', 'a'])
  assert.equal(made.length, 2)
})

test('the longest unused keys are dropped and overwritten', () => {
  const { keys, made, owner } = prepared({ ownersMax: 2 })
  owner('a')
  owner('b')
  owner('c')
  assert.deepEqual(
    made.map((key) => key.wiped),
    [true, false, false],
  )
  owner('b')
  owner('d')
  assert.deepEqual(
    made.map((key) => key.wiped),
    [true, false, true, false],
  )
  assert.equal(keys.size, 2)
})

test('keys that are dropped while somebody works with them are overwritten afterwards', () => {
  const { keys, made, owner } = prepared({ ownersMax: 1 })
  keys.use('a', ([key]) => {
    owner('b')
    assert.equal(key.wiped, false)
  })
  assert.deepEqual(
    made.map((key) => key.wiped),
    [true, false],
  )
})

test('work that is late holds its keys until it is done', async () => {
  const { keys, made } = prepared()
  let finish = () => {}
  const work = keys.use('a', () => new Promise<void>((resolve) => (finish = resolve)))
  keys.reset()
  assert.equal(made[0].wiped, false)
  finish()
  await work
  assert.equal(made[0].wiped, true)
})

test('work that fails lets go of its keys', async () => {
  const { keys, made } = prepared()
  const broken = () => {
    throw new Error('broken')
  }
  assert.throws(() => keys.use('a', broken), /broken/)
  await assert.rejects(async () => keys.use('a', () => Promise.reject(new Error('late'))), /late/)
  keys.reset()
  assert.equal(made[0].wiped, true)
})

test('with room for nobody keys live as long as they are used', async () => {
  for (const late of [false, true]) {
    const { keys, made, owner } = prepared({ ownersMax: 0, late })
    assert.equal(await owner('a'), 'a')
    assert.equal(await owner('a'), 'a')
    assert.equal(keys.size, 0)
    assert.deepEqual(
      made.map((key) => key.wiped),
      [true, true],
    )
  }
})

test('more late loads than there is room for answer all, and leave nothing behind', async () => {
  const { keys, made, owner } = prepared({ ownersMax: 1, late: true })
  const all = await Promise.all(['a', 'b', 'c', 'd', 'a'].map(owner))
  assert.deepEqual(all, ['a', 'b', 'c', 'd', 'a'])
  keys.reset()
  assert.ok(made.every((key) => key.wiped))
})

test('a reset during a load answers those who wait, and is not undone by it', async () => {
  const { keys, made, owner } = prepared({ late: true })
  const first = owner('a')
  keys.reset()
  assert.equal(await first, 'a')
  assert.equal(keys.size, 0)
  assert.equal(made[0].wiped, true)
})

test('a missing key is asked for again after a while', () => {
  const { clock, owner, owners } = prepared({ owners: [] })
  assert.equal(owner('a'), 'none')
  owners.push('a')
  clock.ms = 4_999
  assert.equal(owner('a'), 'none')
  clock.ms = 5_000
  assert.equal(owner('a'), 'a')
})

test('a failed load is thrown to all, and tried again after a while', async () => {
  for (const late of [false, true]) {
    const { clock, failure, keys, owner } = prepared({ late })
    failure.error = new Error('no keystore')
    await assert.rejects(async () => owner('a'), /no keystore/)
    failure.error = null
    await assert.rejects(async () => owner('a'), /no keystore/)
    clock.ms = 5_000
    assert.equal(await owner('a'), 'a')
    assert.equal(keys.size, 1)
  }
})

test('who can do without keys is told of a failed load and gets none', async () => {
  for (const late of [false, true]) {
    const { failure, keys } = prepared({ late })
    failure.error = new Error('no keystore')
    const told: unknown[] = []
    const count = await keys.use(
      'a',
      (got) => got.length,
      (error) => told.push(error),
    )
    assert.equal(count, 0)
    assert.deepEqual(told, [failure.error])
  }
})
