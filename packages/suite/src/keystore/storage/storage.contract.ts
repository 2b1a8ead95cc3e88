import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Storage, temporaryPrefix } from './storage.ts'

/** What every storage must do. `create` gives an empty one; `reopen` another view of the same content. */
export function storageContract(
  name: string,
  create: () => Promise<{ readonly storage: Storage; readonly reopen: () => Storage }>,
): void {
  const bytes = (text: string) => Buffer.from(text)
  const write = (storage: Storage, path: string, content: string) =>
    storage.exclusively(async (writer) =>
      (await writer.stage(path, bytes(content), 'private')).commit(),
    )
  const text = async (storage: Storage, path: string) =>
    (await storage.read(path, 'private'))?.toString() ?? null

  describe(`${name} keeps the contract of storages`, () => {
    test('what is not there reads as null and lists as empty', async () => {
      const { storage } = await create()
      assert.equal(await storage.read('absent', 'private'), null)
      assert.equal(await storage.read('no/folder', 'public'), null)
      assert.deepEqual(await storage.list('', 'private'), [])
      assert.deepEqual(await storage.list('absent', 'private'), [])
      await storage.verify('absent', 'private')
    })

    test('a committed file is read whole, by others too', async () => {
      const { storage, reopen } = await create()
      await write(storage, 'someid_storage', 'first')
      assert.equal(await text(storage, 'someid_storage'), 'first')
      await write(storage, 'someid_storage', 'second, longer')
      assert.equal(await text(reopen(), 'someid_storage'), 'second, longer')
    })

    test('what is staged is not seen until it is committed, and goes where it is not', async () => {
      const { storage } = await create()
      await write(storage, 'kept', 'old')
      await storage.exclusively(async (writer) => {
        const staged = await writer.stage('kept', bytes('new'), 'private')
        await writer.stage('dropped', bytes('never'), 'private')
        assert.equal(await text(storage, 'kept'), 'old')
        assert.deepEqual(await storage.list('', 'private'), ['kept'])
        await staged.commit()
        assert.equal(await text(storage, 'kept'), 'new')
      })
      assert.deepEqual(await storage.list('', 'private'), ['kept'])
      await storage.exclusively(async (writer) => assert.equal(writer.interrupted, false))
    })

    test('names are listed in byte order, folders with a slash, temporary files never', async () => {
      const { storage } = await create()
      for (const path of ['b', 'a b', 'B', 'a.old/2', 'a.old/10', 'a', '.poison_key/poison_key'])
        await write(storage, path, path)
      const names = ['.poison_key/', 'B', 'a', 'a b', 'a.old/', 'b']
      assert.deepEqual(await storage.list('', 'private'), names)
      assert.deepEqual(await storage.list('a.old', 'private'), ['10', '2'])
      await storage.exclusively(async (writer) => {
        await writer.stage('c', bytes('c'), 'private')
        const seen = await storage.list('', 'private')
        assert.equal(seen.filter((entry) => entry.startsWith(temporaryPrefix)).length, 0)
      })
    })

    test('a link keeps the content when the file is replaced, and never overwrites', async () => {
      const { storage } = await create()
      await write(storage, 'key', 'one')
      await storage.exclusively(async (writer) => {
        assert.equal(await writer.link('key', 'key.old/1', 'private'), true)
        await (await writer.stage('key', bytes('two'), 'private')).commit()
        assert.equal(await writer.link('key', 'key.old/1', 'private'), false)
      })
      assert.equal(await text(storage, 'key.old/1'), 'one')
      assert.equal(await text(storage, 'key'), 'two')
    })

    test('a removed file is gone, and removing it again is fine', async () => {
      const { storage } = await create()
      await write(storage, 'key', 'one')
      await storage.exclusively((writer) => writer.remove('key', 'private'))
      await storage.exclusively((writer) => writer.remove('key', 'private'))
      assert.equal(await storage.read('key', 'private'), null)
    })

    test('writers take turns', async () => {
      const { storage, reopen } = await create()
      const order: string[] = []
      const work = (mark: string) => async () => {
        order.push(`${mark} begins`)
        await new Promise((resolve) => setImmediate(resolve))
        order.push(`${mark} ends`)
      }
      await Promise.all([storage.exclusively(work('a')), reopen().exclusively(work('b'))])
      assert.equal(order[0]?.[0], order[1]?.[0])
      assert.equal(order[2]?.[0], order[3]?.[0])
      assert.equal(order.length, 4)
    })

    test('the lock is given back after a failure, and the failure is told', async () => {
      const { storage } = await create()
      const failing = storage.exclusively(async (writer) => {
        await writer.stage('key', bytes('new'), 'private')
        throw new Error('stopped')
      })
      await assert.rejects(failing, /stopped/)
      await storage.exclusively(async (writer) => assert.equal(writer.interrupted, false))
    })

    test('a failure between two commits is seen by the next writer, who can clear it away', async () => {
      const { storage, reopen } = await create()
      const failing = storage.exclusively(async (writer) => {
        const first = await writer.stage('first', bytes('1'), 'private')
        await writer.stage('second', bytes('2'), 'private')
        await first.commit()
        throw new Error('stopped')
      })
      await assert.rejects(failing, /stopped/)
      const next = reopen()
      await next.exclusively(async (writer) => {
        assert.equal(writer.interrupted, true)
        await writer.sweep()
      })
      await next.exclusively(async (writer) => assert.equal(writer.interrupted, false))
      assert.deepEqual(await next.list('', 'private'), ['first'])
    })

    test('what was announced is seen by the next writer only after a change and a failure', async () => {
      const { storage, reopen } = await create()
      await write(storage, 'key', 'one')
      const announced = (fails: boolean) =>
        storage.exclusively(async (writer) => {
          await writer.announce()
          if (fails) throw new Error('stopped')
        })
      const interrupted = () => reopen().exclusively(async (writer) => writer.interrupted)
      await announced(false)
      assert.equal(await interrupted(), false)
      await assert.rejects(announced(true))
      assert.equal(await interrupted(), false)
      await assert.rejects(
        storage.exclusively(async (writer) => {
          await writer.announce()
          await writer.remove('key', 'private')
          throw new Error('stopped')
        }),
      )
      assert.equal(await interrupted(), true)
    })

    for (const path of ['', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', '.', 'a\0b'])
      test(`the path ${JSON.stringify(path)} is refused everywhere`, async () => {
        const { storage } = await create()
        const refused = (asked: () => Promise<unknown>) => assert.rejects(asked, TypeError)
        await refused(() => storage.read(path, 'private'))
        await refused(() => storage.verify(path, 'private'))
        await storage.exclusively(async (writer) => {
          await refused(() => writer.stage(path, bytes('x'), 'private'))
          await refused(() => writer.link(path, 'x', 'private'))
          await refused(() => writer.link('x', path, 'private'))
          await refused(() => writer.remove(path, 'private'))
        })
      })
  })
}
