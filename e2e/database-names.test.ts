/** What acra-server takes for granted of the names of statements holds in a real PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { message } from './frontend.ts'
import { RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'

let lab: Lab
let direct: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  direct = await lab.front({ direct: true })
})
after(() => lab.stop())

/** The types of the answers to messages and a Sync. */
async function answers(client: RawClient, ...messages: readonly Buffer[]): Promise<string> {
  client.send(...messages, message.sync())
  return (await client.untilReady()).map(({ type }) => type).join('')
}

async function withClient(work: (client: RawClient) => Promise<void>): Promise<void> {
  const { host, port } = direct
  const client = await RawClient.connect({ host, port, user: 'postgres', database: 'postgres' })
  await work(client)
  await client.close()
}

const bound = (statement = '') => message.bind([], { statement })

test('names are the same where their first 63 bytes are', () =>
  withClient(async (client) => {
    const name = 'n'.repeat(63)
    assert.equal(await answers(client, message.parse('SELECT 1', { name: `${name}1` })), '1Z')
    assert.equal(await answers(client, bound(`${name}2`)), '2Z')
    assert.equal(await answers(client, message.parse('SELECT 2', { name: `${name}3` })), 'EZ')
    assert.equal(await answers(client, bound('n'.repeat(62))), 'EZ')
  }))

test('a statement without a name outlives DEALLOCATE ALL and DISCARD ALL, and others do not', () =>
  withClient(async (client) => {
    for (const sql of ['DEALLOCATE ALL', 'DISCARD ALL']) {
      const ending = { name: 'ending' }
      await answers(client, message.parse(sql, ending))
      await answers(client, message.parse('SELECT 1'))
      await answers(client, bound('ending'), message.execute())
      assert.equal(await answers(client, bound()), '2Z', sql)
      assert.equal(await answers(client, bound('ending')), 'EZ', sql)
    }
  }))

test('a query, and a Parse that fails, end a statement without a name', () =>
  withClient(async (client) => {
    await answers(client, message.parse('SELECT 1'))
    await client.query('SELEC')
    assert.equal(await answers(client, bound()), 'EZ')
    await answers(client, message.parse('SELECT 1'))
    assert.equal(await answers(client, message.parse('SELEC')), 'EZ')
    assert.equal(await answers(client, bound()), 'EZ')
  }))

test('a name that is taken keeps its statement', () =>
  withClient(async (client) => {
    const taken = { name: 'taken' }
    await answers(client, message.parse('SELECT 1', taken))
    assert.equal(await answers(client, message.parse('SELEC', taken)), 'EZ')
    assert.equal(await answers(client, message.parse('SELECT 2', taken)), 'EZ')
    assert.equal(await answers(client, bound('taken')), '2Z')
  }))

test('what is no part of COPY ends a connection that copies', async () => {
  const { host, port } = direct
  const client = await RawClient.connect({ host, port, user: 'postgres', database: 'postgres' })
  await client.query('CREATE TEMPORARY TABLE copied (x text)')
  client.send(message.query('COPY copied FROM STDIN'))
  await client.untilAny('G')
  client.send(message.parse('SELECT 1'))
  const last = await client.untilReady()
  assert.equal(last.map(({ type }) => type).join(''), 'EE')
  assert.equal(await client.next(), null)
})
