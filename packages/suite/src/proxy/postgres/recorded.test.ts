import assert from 'node:assert/strict'
import test from 'node:test'
import { columnFor } from '../../transform/index.ts'
import { accessOf, MemoryKeystore, settingOf } from '../../transform/testing/index.ts'
import { PostgresConversation } from './conversation.ts'
import { conversationParts, RecordedOutlet } from './testing/index.ts'
import { recordings, type Turn } from './testing/recordings.ts'

const parts = await conversationParts()
const access = accessOf('alice', new MemoryKeystore().generate('alice'))
const all = recordings(columnFor(settingOf({ dataType: 'str' })), access)

interface Said {
  readonly toClient: Buffer
  readonly toDatabase: Buffer
}

/** A conversation that is said once more: what goes out on both sides. */
class Replay {
  readonly #toClient = new RecordedOutlet()
  readonly #toDatabase = new RecordedOutlet()
  readonly #conversation = new PostgresConversation(
    { ...parts, heldSizeMax: 1 << 20 },
    access,
    { refused: () => {}, passedUnprotected: () => {} },
    this.#toClient,
    this.#toDatabase,
  )
  #said: Said = { toClient: Buffer.alloc(0), toDatabase: Buffer.alloc(0) }

  say(from: Turn['from'], bytes: Buffer): void {
    const late =
      from === 'client'
        ? this.#conversation.fromClient(bytes)
        : this.#conversation.fromDatabase(bytes)
    assert.equal(late, undefined, 'nothing is late')
  }

  get isIdle(): boolean {
    return this.#conversation.isIdle
  }

  get said(): Said {
    this.#said = {
      toClient: Buffer.concat([this.#said.toClient, this.#toClient.take()]),
      toDatabase: Buffer.concat([this.#said.toDatabase, this.#toDatabase.take()]),
    }
    return { ...this.#said, toDatabase: masked(this.#said.toDatabase) }
  }
}

/** An envelope is another one each time. */
function masked(stream: Buffer): Buffer {
  const text = stream.toString('latin1')
  return Buffer.from(
    text.replace(/\\x252525[0-9a-f]+/g, (envelope) => '#'.repeat(envelope.length)),
    'latin1',
  )
}

function replayed(turns: readonly Turn[]): Replay {
  const replay = new Replay()
  for (const { from, bytes } of turns) replay.say(from, bytes)
  return replay
}

/** What was said so far is how what is said in the end begins. */
function assertBegins(whole: Said, part: Said, where: string): void {
  for (const side of ['toClient', 'toDatabase'] as const) {
    assert.ok(part[side].equals(whole[side].subarray(0, part[side].length)), `${side} ${where}`)
  }
}

test('there are recordings of every client', () => {
  const names = all.map(({ name }) => name.split('-')[0])
  assert.deepEqual([...new Set(names)].sort(), ['pg', 'pgbench', 'postgres', 'psql'])
})

for (const { name, turns } of all) {
  const whole = replayed(turns)
  const expected = whole.said

  test(`${name}: what is protected goes out sealed and comes back plain, and nothing is owed`, () => {
    assert.ok(whole.isIdle)
    assert.ok(!expected.toDatabase.includes('sealed:'))
    assert.ok(!expected.toClient.includes('252525'))
    const sealed = turns.some(({ from, bytes }) => from === 'database' && bytes.includes('252525'))
    if (sealed) assert.ok(expected.toClient.includes('ann@example.org'))
  })

  test(`${name}: cut behind any byte, the same goes out, and before that its beginning`, () => {
    turns.forEach(({ from, bytes }, index) => {
      for (let cut = 1; cut < bytes.length; cut++) {
        const where = `when turn ${index} is cut at ${cut}`
        const replay = replayed(turns.slice(0, index))
        replay.say(from, bytes.subarray(0, cut))
        assertBegins(expected, replay.said, where)
        replay.say(from, bytes.subarray(cut))
        for (const later of turns.slice(index + 1)) replay.say(later.from, later.bytes)
        assert.deepEqual(replay.said, expected, where)
        assert.ok(replay.isIdle, where)
      }
    })
  })

  test(`${name}: byte by byte, the same goes out`, () => {
    const replay = new Replay()
    for (const { from, bytes } of turns) {
      for (let at = 0; at < bytes.length; at++) replay.say(from, bytes.subarray(at, at + 1))
    }
    assert.deepEqual(replay.said, expected)
  })
}
