import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { cancelRequest, message } from './frontend.ts'
import { directly } from './people.ts'
import { errorOf, RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  front = await lab.front()
})
after(() => lab.stop())

const sleeping = 'SELECT pg_sleep(600)'

/** Opens a connection that sleeps, and waits until it does. */
async function sleeper(): Promise<RawClient> {
  const { user, database } = lab.database
  const client = await RawClient.connect({ ...front, user, database })
  client.send(message.query(sleeping))
  await directly(lab.database, async (other) => {
    const running =
      "SELECT FROM pg_stat_activity WHERE pid = $1 AND query = $2 AND state = 'active'"
    while ((await other.query(running, [client.key.readInt32BE(0), sleeping])).rowCount === 0);
  })
  return client
}

/** Sends a CancelRequest on a connection of its own and waits until it is closed. */
async function cancel(key: Buffer): Promise<void> {
  const socket = connect(front.port, front.host)
  socket.end(cancelRequest(key))
  socket.resume()
  await once(socket, 'close')
}

test('a CancelRequest ends the statement of its connection and of no other', async () => {
  const one = await sleeper()
  const other = await sleeper()
  await cancel(one.key)
  const error = (await one.untilReady()).find(({ type }) => type === 'E')
  assert.ok(error)
  assert.equal(errorOf(error).code, '57014')
  assert.equal((await one.query('SELECT 1')).at(-1)?.type, 'Z')
  await one.close()

  await directly(lab.database, async (client) => {
    const { rowCount } = await client.query(
      "SELECT FROM pg_stat_activity WHERE query = $1 AND state = 'active'",
      [sleeping],
    )
    assert.equal(rowCount, 1)
  })
  await cancel(other.key)
  await other.untilReady()
  await other.close()
})

test('a CancelRequest with a wrong secret does nothing', async () => {
  const client = await sleeper()
  const wrong = Buffer.from(client.key)
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
  await cancel(wrong)
  await directly(lab.database, async (other) => {
    const { rowCount } = await other.query(
      "SELECT FROM pg_stat_activity WHERE query = $1 AND state = 'active'",
      [sleeping],
    )
    assert.equal(rowCount, 1)
  })
  await cancel(client.key)
  await client.untilReady()
  await client.close()
})
