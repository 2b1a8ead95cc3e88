/** Who connects and leaves without a word, as load balancers and health checks do, is nothing: no line of the log that somebody would look at. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import type { Place } from './half-open/openings.ts'
import { type Ground, openGround, type StandName, standNames } from './half-open/stands.ts'

let sandbox: Sandbox
let ground: Ground
before(async () => {
  sandbox = createSandbox('silent')
  ground = await openGround(sandbox)
})
after(async () => {
  await sandbox.remove()
  await ground.stop()
})

/** What they say: nothing, or too little to be the beginning of anything. */
const words = ['', 'P', 'PRO', '\x16', '\x06\0', '\0\0'] as const

interface Gate {
  readonly stand: StandName
  readonly as: string
  readonly flags: readonly string[]
}

const gates: readonly Gate[] = [
  ...standNames.map((stand) => ({ stand, as: 'as it is', flags: [] })),
  {
    stand: 'acra-server',
    as: 'without sessions',
    flags: ['--acraconnector_transport_encryption_disable'],
  },
  {
    stand: 'acra-server',
    as: 'TLS from the first byte on',
    flags: ['--acraconnector_tls_transport_enable'],
  },
  {
    stand: 'acra-server',
    as: 'without a client id of its own',
    flags: ['--client_id='],
  },
]

for (const { stand: name, as, flags } of gates) {
  test(`${name}, ${as}: a connection that says nothing and ends is not logged`, async () => {
    const stand = await ground.start(name, flags)
    try {
      for (const said of words)
        for (const reset of [false, true]) await leave(stand.place, said, reset)
      assert.deepEqual(toldBy(stand.log()), [])
    } finally {
      await stand.stop()
    }
    assert.deepEqual(toldBy(stand.log()), [])
  })
}

/** Connects, says a little, and leaves: politely and until the other side has ended too, or at once. */
async function leave({ host, port }: Place, said: string, reset: boolean): Promise<void> {
  const socket = connect({ host, port })
  await once(socket, 'connect')
  socket.resume()
  if (said !== '') await new Promise((done) => socket.write(Buffer.from(said, 'latin1'), done))
  const closed = once(socket, 'close')
  if (reset) socket.resetAndDestroy()
  else socket.end()
  await closed
}

/** Lines of connections that ask for attention; those of the start and of the stop do not count. */
function toldBy(log: string): string[] {
  const lines = log.split('\n')
  return lines.filter(
    (line) => /level=(warning|error|fatal)/.test(line) && /code=(5|7|20)\d+/.test(line),
  )
}
