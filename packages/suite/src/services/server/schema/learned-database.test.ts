import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ColumnTable } from '../../../proxy/index.ts'
import { postgresTraits } from '../../../proxy/postgres/index.ts'
import { loadParser } from '../../../sql/postgres/index.ts'
import { anyColumn, columnFor, loadEncryptorConfig } from '../../../transform/index.ts'
import type { LearnedConfig } from '../introspection/index.ts'
import { LearnedDatabase } from './learned-database.ts'

const parser = await loadParser()

function configOf(columns: string): LearnedConfig {
  const yaml = `schemas: [{ table: users, columns: [${columns}], encrypted: [{ column: email }] }]`
  const config = loadEncryptorConfig(yaml, 'config', postgresTraits, { onUnprotected: 'refuse' })
  return {
    config,
    definable: [],
    contradictions: [],
    warnings: [],
    ctype: 'C',
    isSettled: true,
    relatives: (names) => new Set(names),
    fingerprint: columns,
  }
}

/** A database that answers when the test says so. */
class Fixture {
  readonly #columns = new ColumnTable([], columnFor, anyColumn)
  nowMs = 10_000
  learned = 0
  isTold = false
  readonly failed: boolean[] = []
  readonly #asked: { resolve(config: LearnedConfig): void; reject(error: Error): void }[] = []
  readonly database = new LearnedDatabase(
    {
      parser,
      planner: {
        idle: false,
        columns: this.#columns,
        analyze: () => assert.fail('it is analysed by what is learned'),
        followsPath: false,
        cacheCount: 100,
        cacheSize: 1 << 20,
        textSizeMax: 1 << 16,
        onCacheTurn: () => {},
      },
      conversation: {
        columns: this.#columns,
        decryptsUnconfigured: true,
        detectsPoison: false,
        heldSizeMax: 1 << 16,
      },
      now: () => this.nowMs,
      ageMaxMs: 1000,
    },
    {
      learn: () => new Promise((resolve, reject) => this.#asked.push({ resolve, reject })),
      isTold: () => this.isTold,
      learned: () => {
        this.learned++
      },
      failed: (_error, refuses) => this.failed.push(refuses),
      changed: () => Promise.resolve(),
    },
  )

  get questions(): number {
    return this.#asked.length
  }

  async answer(columns: string): Promise<void> {
    this.#asked.shift()?.resolve(configOf(columns))
    await turn()
  }

  async fail(): Promise<void> {
    this.#asked.shift()?.reject(new Error('gone'))
    await turn()
  }

  async known(): Promise<this> {
    const ready = this.database.ready()
    await this.answer('id, email')
    await ready
    return this
  }

  /** What becomes of a statement: its plan, or the SQLSTATE of its refusal. */
  verdict(text = "INSERT INTO users (email) VALUES ('x')"): string {
    const { plan } = this.database.conversation.planner.forQuery(Buffer.from(text))
    return plan.kind === 'refused' ? plan.refusal.sqlState : plan.kind
  }
}

test('all who come first wait for one look', async () => {
  const fixture = new Fixture()
  const both = Promise.all([fixture.database.ready(), fixture.database.ready()])
  assert.equal(fixture.questions, 1)
  await fixture.answer('id, email')
  await both
  assert.equal(fixture.verdict(), 'planned')
  await fixture.database.ready()
  assert.equal(fixture.questions, 0)
})

test('one that cannot be learned is refused, and looked at again after a second', async () => {
  const fixture = new Fixture()
  const first = assert.rejects(fixture.database.ready(), /gone/)
  await fixture.fail()
  await first
  await assert.rejects(fixture.database.ready(), /gone/)
  assert.equal(fixture.questions, 0)
  fixture.nowMs += 1000
  await fixture.known()
  assert.equal(fixture.verdict(), 'planned')
})

test('a change is learned by a look that began after it', async () => {
  const fixture = await new Fixture().known()
  void fixture.database.look()
  let isDone = false
  const done = fixture.database.relearn(null).then(() => {
    isDone = true
  })
  await fixture.answer('id, email')
  assert.deepEqual([isDone, fixture.questions], [false, 1])
  await fixture.answer('email, id')
  await done
  assert.equal(fixture.learned, 2)
})

test('the same schema makes no new plans', async () => {
  const fixture = await new Fixture().known()
  const { edition } = fixture.database.conversation.planner
  const done = fixture.database.relearn(null)
  await fixture.answer('id, email')
  await done
  assert.equal(fixture.database.conversation.planner.edition, edition)
  assert.equal(fixture.learned, 1)
})

test('after a change that cannot be learned statements are refused until it can', async () => {
  const fixture = await new Fixture().known()
  const done = fixture.database.relearn(null)
  await fixture.fail()
  await done
  assert.equal(fixture.verdict(), '55000')
  assert.equal(fixture.verdict('SELECT 1'), '55000')
  assert.deepEqual(fixture.failed, [true])
  assert.equal(fixture.database.ask([]), null)
  fixture.nowMs += 1000
  const asked = fixture.database.ask([])
  await fixture.answer('id, email')
  await asked
  assert.equal(fixture.verdict(), 'planned')
})

test('a look without a change that fails leaves what was known', async () => {
  const fixture = await new Fixture().known()
  const done = fixture.database.look()
  await fixture.fail()
  await done
  assert.equal(fixture.verdict(), 'planned')
  assert.deepEqual(fixture.failed, [false])
})

test('a name that was never looked for is looked for; one that is not there, at most once in a second', async () => {
  const fixture = await new Fixture().known()
  fixture.nowMs += 200
  const asked = fixture.database.ask(['strangers'])
  assert.equal(fixture.questions, 1)
  await fixture.answer('id, email')
  await asked
  fixture.nowMs += 999
  assert.equal(fixture.database.ask(['strangers']), null)
  fixture.nowMs += 1
  assert.ok(fixture.database.ask(['strangers']))
})

test('a suspicion is looked at once, a second after the last look', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const fixture = await new Fixture().known()
  fixture.database.suspect()
  fixture.database.suspect()
  mock.timers.tick(999)
  assert.equal(fixture.questions, 0)
  mock.timers.tick(1)
  assert.equal(fixture.questions, 1)
  mock.timers.reset()
})

test('inside of a change the columns of tables are not believed', async () => {
  const fixture = await new Fixture().known()
  const text = Buffer.from("INSERT INTO users VALUES (1, 'x')")
  assert.equal(fixture.database.conversation.planner.forQuery(text).plan.kind, 'planned')
  assert.equal(fixture.database.cautious.forQuery(text).plan.kind, 'refused')
})
