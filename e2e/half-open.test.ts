/** Connections that are half open, a few hundred at a time; `npm run lab -- half-open` opens ten thousand. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { besiege } from './half-open/siege.ts'
import { type Ground, openGround, standNames } from './half-open/stands.ts'

const COUNT = 200
const ROOM = 60
/** Silent connections that acra-connector serves at a time, all the same: they are not counted as half open. */
const SERVED = 8
/** Of one connection, in the process that holds it, with all that a busy process takes besides. */
const KIB_MAX = 600

let sandbox: Sandbox
let ground: Ground
before(async () => {
  sandbox = createSandbox('half-open')
  ground = await openGround(sandbox)
})
after(async () => {
  await sandbox.remove()
  await ground.stop()
})

for (const name of standNames) {
  test(`${name}: connections that are half open give way or end, take little, and keep nobody out`, async () => {
    const flags = [`--max_connections_starting=${ROOM}`, '--startup_timeout=3']
    const stand = await ground.start(name, flags)
    const plan = { count: COUNT, holdMs: 300, patienceMs: 60_000 }
    const { opened, closed, held, opening, holding, memoryMiB } = await besiege(stand, plan)
    assert.deepEqual([...opening.failures, ...holding.failures], [])
    assert.ok(opening.count > 0 && holding.count > 0)
    assert.ok(held <= ROOM + SERVED, `${held} are held`)
    assert.deepEqual([opened, closed], [COUNT, COUNT])
    const growth = ((memoryMiB[1] - memoryMiB[0]) * 1024) / COUNT
    assert.ok(growth < KIB_MAX, `${growth} KiB for each`)
    assert.match(stand.log(), /code=2013 .*limit=max_connections_starting/)
    await stand.stop()
  })
}
