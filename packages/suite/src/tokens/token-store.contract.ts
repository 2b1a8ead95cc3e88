import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { TokenStore } from './token-store.ts'

const bucket = createHash('sha256').update('alice').digest()
const other = createHash('sha256').update('bob').digest()
const key = (name: string) => Buffer.from(`t.${name}`)
const value = (text: string) => Buffer.from(text)

/** What every store of tokens does. `open` gives an empty one. */
export function describeTokenStore(name: string, open: () => Promise<TokenStore>): void {
  async function withStore(body: (store: TokenStore) => Promise<void>): Promise<void> {
    const store = await open()
    try {
      await body(store)
    } finally {
      await store.close()
    }
  }

  async function contents(store: TokenStore): Promise<string[]> {
    const found: string[] = []
    await store.scan(({ bucket: of, key: name, value: text }) => {
      found.push(`${of.equals(bucket) ? 'alice' : 'bob'} ${name} ${text}`)
      return 'keep'
    })
    return found.sort()
  }

  test(`${name}: a record is kept once, in its bucket`, () =>
    withStore(async (store) => {
      assert.equal(await store.get(bucket, key('a')), null)
      assert.equal(await store.add(bucket, key('a'), value('one')), true)
      assert.equal(await store.add(bucket, key('a'), value('two')), false)
      assert.equal(await store.add(other, key('a'), value('three')), true)
      assert.equal((await store.get(bucket, key('a')))?.toString(), 'one')
      assert.equal((await store.get(other, key('a')))?.toString(), 'three')
    }))

  test(`${name}: of many that add one record at once, one does`, () =>
    withStore(async (store) => {
      const adding = Array.from({ length: 20 }, async (_, i) =>
        store.add(bucket, key('a'), value(`${i}`)),
      )
      const added = await Promise.all(adding)
      assert.equal(added.filter((isNew) => isNew).length, 1)
      assert.equal((await store.get(bucket, key('a')))?.toString(), `${added.indexOf(true)}`)
    }))

  test(`${name}: a record is replaced only where there is one`, () =>
    withStore(async (store) => {
      await store.replace(bucket, key('a'), value('one'))
      assert.equal(await store.get(bucket, key('a')), null)
      await store.add(bucket, key('a'), value('one'))
      await store.replace(bucket, key('a'), value('two'))
      assert.equal((await store.get(bucket, key('a')))?.toString(), 'two')
    }))

  test(`${name}: bytes of every value come back as they were`, () =>
    withStore(async (store) => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      await store.add(bucket, all.subarray(0, 34), all)
      assert.deepEqual(await store.get(bucket, all.subarray(0, 34)), all)
    }))

  test(`${name}: a scan visits all, and removes and changes what it is told to`, () =>
    withStore(async (store) => {
      const names = Array.from({ length: 2500 }, (_, i) => String(i).padStart(4, '0'))
      await Promise.all(names.map((n) => store.add(bucket, key(n), value(n))))
      await store.add(other, key('x'), value('x'))
      assert.equal((await contents(store)).length, 2501)
      await store.scan(({ bucket: of, value: text }) => {
        if (of.equals(other)) return 'keep'
        const number = Number(text.toString())
        if (number === 7) return value('seven')
        return number >= 10 ? 'remove' : 'keep'
      })
      const left = await contents(store)
      assert.equal(left.length, 11)
      assert.ok(left.includes('alice t.0007 seven') && left.includes('bob t.x x'))
    }))
}
