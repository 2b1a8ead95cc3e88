/** What the grammar says of a text is said to the client that sent it, with its place; and never to the log. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { message } from './frontend.ts'
import { createTables, encryptorConfig } from './people.ts'
import { type BackendMessage, RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'

let lab: Lab
let front: Front
let direct: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await createTables(lab.database)
  front = await lab.front({ encryptorConfig })
  direct = await lab.front({ direct: true })
})
after(() => lab.stop())

const secret = 'kestrel7731quill'

/** Texts that do not parse. */
const texts: readonly string[] = [
  `SELECT '${secret}' FORM people WHERE`,
  `SELECT 1; SELECT 'é😀 ñ' , 2 x y, '${secret}'`,
  `-- ñ\n\nSELEC '${secret}'`,
  `SELECT 'x' '${secret}'`,
  `INSERT INTO people (email) VALUES ('${secret}'`,
  `SELECT '${secret}`,
  `SELECT email FROM people WHERE "é" = '${secret}' )`,
  `SELECT U&'\\zz${secret}'`,
]

function errorIn(messages: readonly BackendMessage[]): Map<string, string> {
  const error = messages.find(({ type }) => type === 'E') ?? assert.fail('no error')
  const fields = error.body.toString('latin1').split('\0')
  return new Map(fields.filter(Boolean).map((field) => [field.slice(0, 1), field.slice(1)]))
}

async function asked(where: Front, send: Buffer[], encoding = 'UTF8') {
  const { user, database } = lab.database
  const client = await RawClient.connect(
    { ...where, user, database },
    { client_encoding: encoding },
  )
  client.send(...send)
  const fields = errorIn(await client.untilReady())
  await client.close()
  return { message: fields.get('M'), position: fields.get('P'), hint: fields.get('H') }
}

for (const text of texts) {
  test(`message and position are those of PostgreSQL: ${text.replace(secret, '...')}`, async () => {
    for (const send of [[message.query(text)], [message.parse(text), message.sync()]]) {
      const { hint, ...told } = await asked(front, send)
      const { hint: _, ...own } = await asked(direct, send)
      assert.deepEqual(told, own)
      assert.match(hint ?? '', /syntax/)
    }
    assert.ok(!front.log().includes(secret))
  })
}

test('characters are counted in the encoding of the client', async () => {
  const text = Buffer.from(`SELECT '\xe9\xe9\xf1' , 2 x y, '${secret}\xe9'`, 'latin1')
  for (const encoding of ['LATIN1', 'LATIN9', 'WIN1252']) {
    const { hint: _, ...told } = await asked(front, [message.queryBytes(text)], encoding)
    const { hint: __, ...own } = await asked(direct, [message.queryBytes(text)], encoding)
    assert.deepEqual(told, own, encoding)
  }
  const japanese = Buffer.from([
    ...Buffer.from("SELECT '"),
    0xa4,
    0xa2,
    0xa4,
    0xa4,
    ...Buffer.from("', 2 x y"),
  ])
  const { position } = await asked(front, [message.queryBytes(japanese)], 'EUC_JP')
  assert.equal(position, (await asked(direct, [message.queryBytes(japanese)], 'EUC_JP')).position)
  assert.ok(!front.log().includes(secret))
})

test('psql shows where the error is', async () => {
  const script = `SELECT 'é${secret}',\n  email FORM people;\nSELECT 'still there';\n`
  const outputs = await Promise.all([front, direct].map((where) => psql(where, script)))
  const [through, own] = outputs.map((output) => output.replace(/^HINT:.*\n/gm, ''))
  assert.equal(through, own)
  assert.match(through ?? '', /LINE 2: {3}email FORM people;\n {18}\s*\^/)
  assert.ok(!front.log().includes(secret))
})

async function psql(where: Front, script: string): Promise<string> {
  const { user, database } = lab.database
  const env = {
    PATH: process.env.PATH,
    PGHOST: where.host,
    PGPORT: String(where.port),
    PGUSER: user,
    PGDATABASE: database,
    PGCLIENTENCODING: 'UTF8',
    LC_ALL: 'C.UTF-8',
  }
  const child = spawn('psql', ['-X', '-At', '-f', '-'], { env })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  child.stdin.end(script)
  await once(child, 'close')
  return output
}
