import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { analyzeText, loadParser } from '../../sql/postgres/index.ts'
import { anyColumn, columnFor, loadEncryptorConfig } from '../../transform/index.ts'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import {
  bind,
  bindComplete,
  commandComplete,
  errorResponse,
  execute,
  parse,
  parseComplete,
  query,
  readyForQuery,
  sync,
} from '../../wire/postgres/testing/index.ts'
import { ColumnTable } from '../columns.ts'
import type { LearnedSchema } from './learned-schema.ts'
import { Planner, type PlannerSettings } from './planner.ts'
import { Exchange, typesOf } from './testing/index.ts'
import { postgresTraits } from './traits.ts'

const SECRET = 'ann@example.org'
const keystore = new MemoryKeystore().generate('alice')
const parser = await loadParser()

/** A database whose table changes: what is known of it, and what is not learned yet. */
class Lesson implements LearnedSchema {
  readonly columns = new ColumnTable([], columnFor, anyColumn)
  readonly planner: Planner
  readonly cautious: Planner
  readonly ctype = null
  /** What a look at the database finds. */
  next: string
  suspicions = 0
  questions = 0
  mayAsk = true
  isYoung = true
  /** Learns what was committed; null where nothing was. */
  learn: (() => void) | null = null

  constructor(columns: string) {
    this.next = columns
    this.planner = new Planner(this.#settings(columns))
    this.cautious = new Planner(this.#settings(''))
  }

  exchange(): Exchange {
    const { planner, columns } = this
    const parts = { planner, columns, schema: this, decryptsUnconfigured: true }
    return new Exchange({ ...parts, detectsPoison: false }, 'alice', keystore)
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.learn = () => {
        this.learn = null
        this.planner.renew(this.#settings(this.next))
        this.cautious.renew(this.#settings(''))
        resolve()
      }
    })
  }

  suspect(): void {
    this.suspicions++
  }

  ask(): Promise<void> | null {
    this.questions++
    if (!this.mayAsk) return null
    this.mayAsk = false
    this.planner.renew(this.#settings(this.next))
    return Promise.resolve()
  }

  freshen(): Promise<void> | null {
    if (this.isYoung) return null
    this.isYoung = true
    this.planner.renew(this.#settings(this.next))
    return Promise.resolve()
  }

  #settings(columns: string): PlannerSettings {
    const list = columns === '' ? '' : `\n    columns: [${columns}]`
    const yaml = `schemas:\n  - table: users${list}\n    encrypted: [{ column: email, data_type: str }]\n`
    const config = loadEncryptorConfig(yaml, 'config', postgresTraits, { onUnprotected: 'refuse' })
    this.columns.add(config.columns)
    return {
      idle: false,
      columns: this.columns,
      analyze(text, shape, paths) {
        const unknownNames: string[] = []
        const table = (schema: string | null, name: string) => {
          const known = config.table(schema, name)
          if (known === null) unknownNames.push(name)
          return known
        }
        const catalog = { ...config, table, unqualified: undefined }
        const { unqualified: _, ...rest } = catalog
        const analysis = analyzeText(parser, text, shape, rest, paths)
        return unknownNames.length > 0 && analysis.schemaChange === undefined
          ? { ...analysis, unknownNames }
          : analysis
      },
      followsPath: false,
      cacheCount: 100,
      cacheSize: 1 << 20,
      textSizeMax: 1 << 16,
      onCacheTurn: () => {},
    }
  }
}

const ADD = 'ALTER TABLE users ADD COLUMN city text'
const INSERT = `INSERT INTO users VALUES (1, '${SECRET}', 'Rome')`

function hasSecret(bytes: Buffer): boolean {
  return bytes.includes(SECRET)
}

/** Whether a promise is still open after all that can happen by itself. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const state = await Promise.race([promise.then(() => 'done'), turn('waits')])
  return state === 'waits'
}

test('the client hears that its change is done once it is learned', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(query(ADD))
  lesson.next = 'id, email, city'
  const answer = talk.database(commandComplete('ALTER TABLE'), readyForQuery('I'))
  assert.equal(await waits(answer), true)
  lesson.learn?.()
  assert.equal(typesOf(await answer), 'CZ')
  assert.equal(hasSecret(await talk.client(query(INSERT))), false)
  assert.deepEqual(talk.refused, [])
})

test('a statement sent behind a change, without waiting for its end, waits until that is learned', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  lesson.next = 'email, id'
  const sent = talk.client(query(ADD), query(`INSERT INTO users VALUES ('${SECRET}', 1)`))
  assert.equal(await waits(sent), true)
  const answer = talk.database(commandComplete('ALTER TABLE'), readyForQuery('I'))
  assert.equal(await waits(sent), true)
  lesson.learn?.()
  await answer
  const bytes = await sent
  assert.equal(typesOf(bytes), 'QQ')
  assert.equal(hasSecret(bytes), false)
  assert.deepEqual(talk.refused, [])
})

test('a change that fails is looked at, too, and nobody waits for ever', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(query(ADD))
  const failed = talk.database(
    errorResponse({ S: 'ERROR', C: '42701', M: 'there' }),
    readyForQuery('I'),
  )
  lesson.learn?.()
  await failed
  assert.equal(
    hasSecret(await talk.client(query(`INSERT INTO users VALUES (1, '${SECRET}')`))),
    false,
  )
})

test('inside of a transaction that changes the schema nobody believes which columns tables have', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(query('BEGIN'))
  await talk.database(commandComplete('BEGIN'), readyForQuery('T'))
  await talk.client(query(ADD))
  await talk.database(commandComplete('ALTER TABLE'), readyForQuery('T'))
  assert.equal(hasSecret(await talk.client(query(INSERT))), false)
  assert.equal(talk.refused.length, 1)
  await talk.database(errorResponse({ S: 'ERROR', C: '42601', M: 'refused' }), readyForQuery('E'))
  await talk.client(query('ROLLBACK'))
  const ended = talk.database(commandComplete('ROLLBACK'), readyForQuery('I'))
  assert.ok(lesson.learn, 'what was rolled back is looked at')
  lesson.learn()
  await ended
})

test('names of columns hold inside of such a transaction', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(
    parse('', ADD),
    bind('', '', []),
    execute(''),
    parse('', 'INSERT INTO users (id, email) VALUES (1, $1)'),
  )
  const sent = await talk.client(bind('', '', [SECRET]), execute(''), sync())
  assert.equal(typesOf(sent), 'BES')
  assert.equal(hasSecret(sent), false)
  assert.deepEqual(talk.refused, [])
})

test('a text that changes the schema and goes on is not read by the schema before', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  const sent = await talk.client(query(`${ADD}; INSERT INTO users VALUES ('${SECRET}', 1)`))
  assert.equal(hasSecret(sent), false)
  assert.equal(talk.refused.length, 1)
})

test('a statement prepared before the change means what it means after it', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(parse('s', 'INSERT INTO users (id, email) VALUES (1, $1)'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  lesson.next = 'email, city'
  lesson.ask()
  const sent = await talk.client(bind('', 's', [SECRET]), execute(''), sync())
  assert.equal(hasSecret(sent), false)
  assert.deepEqual(talk.refused, [])
  await talk.database(bindComplete(), commandComplete('INSERT 0 1'), readyForQuery('I'))
})

test('a statement whose parameters are those of other columns by now is refused', async () => {
  const lesson = new Lesson('email, id')
  const talk = lesson.exchange()
  await talk.client(parse('s', 'INSERT INTO users VALUES ($1, $2)'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  lesson.next = 'id, email'
  lesson.ask()
  const sent = await talk.client(bind('', 's', ['1', SECRET]), execute(''), sync())
  assert.equal(hasSecret(sent), false)
  assert.match(talk.refused[0]?.message ?? '', /prepared before the schema .* changed/)
})

test('so is one that SQL has prepared', async () => {
  const lesson = new Lesson('email, id')
  const talk = lesson.exchange()
  await talk.client(query('PREPARE s AS INSERT INTO users VALUES ($1, $2)'))
  await talk.database(commandComplete('PREPARE'), readyForQuery('I'))
  lesson.next = 'id, email'
  lesson.ask()
  assert.equal(hasSecret(await talk.client(query(`EXECUTE s (1, '${SECRET}')`))), false)
  assert.match(talk.refused[0]?.message ?? '', /prepared before the schema .* changed/)
})

test('and EXECUTE of one, where that was parsed before the change', async () => {
  const lesson = new Lesson('email, id')
  const talk = lesson.exchange()
  await talk.client(query('PREPARE s AS INSERT INTO users VALUES ($1, $2)'))
  await talk.database(commandComplete('PREPARE'), readyForQuery('I'))
  await talk.client(parse('e', "EXECUTE s ('a', 1)"), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  assert.equal(talk.refused.length, 0)
  lesson.next = 'id, email'
  lesson.ask()
  await talk.client(bind('', 'e', []), execute(''), sync())
  assert.match(talk.refused[0]?.message ?? '', /prepared before the schema .* changed/)
})

test('a name that nobody knows is looked for once, before the statement is decided', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(query('SELECT * FROM strangers'))
  assert.equal(lesson.questions, 1)
  await talk.client(query('SELECT * FROM users'))
  assert.equal(lesson.questions, 1)
})

test('code that nobody knows raises a suspicion when it has ended', async () => {
  const lesson = new Lesson('id, email')
  const talk = lesson.exchange()
  await talk.client(query('SELECT app.tidy()'))
  assert.equal(lesson.suspicions, 0)
  await talk.database(commandComplete('SELECT 1'), readyForQuery('I'))
  assert.equal(lesson.suspicions, 1)
  await talk.client(query('SELECT now()'))
  await talk.database(commandComplete('SELECT 1'), readyForQuery('I'))
  assert.equal(lesson.suspicions, 1)
})
