import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { base64, startTestTranslator, type TestTranslator } from './testing/index.ts'

let translator: TestTranslator
let json: TestTranslator['json']

before(async () => {
  translator = await startTestTranslator()
  ;({ json } = translator)
})
after(() => translator.stop())

/** Values of every type, as they stand in JSON. */
const samples: readonly (readonly [type: number, data: string])[] = [
  [1, '0'],
  [1, '2147483647'],
  [1, '-2147483648'],
  [2, '9007199254740993'],
  [2, '9223372036854775807'],
  [2, '-9223372036854775808'],
  [3, '"some string"'],
  [3, '"ünïcode \\ud83d\\ude00 \\/ \\u00e9"'],
  [4, `"${base64('bytes\0')}"`],
  [5, '"ann@example.com"'],
]

const request = (type: number | string, data: string, more = '') =>
  `{"type":${type},"data":${data}${more}}`
const dataOf = (text: string) => /^\{"data":(.*)\}$/s.exec(text)?.[1] ?? ''

for (const method of ['POST', 'GET'] as const) {
  test(`${method}: a token of the same type stands for a value, to its last digit`, async () => {
    for (const [type, data] of samples) {
      const made = await json('tokenize', request(type, data), { method })
      assert.equal(made.status, 200, made.text)
      const token = dataOf(made.text)
      assert.match(token, type <= 2 ? /^-?\d+$/ : /^".+"$/)
      const back = await json('detokenize', request(type, token), { method })
      assert.equal(back.status, 200, `${type} ${data} ${token} ${back.text}`)
      const known = dataOf(back.text)
      if (type <= 2) assert.equal(known, data)
      else assert.equal(JSON.parse(known), JSON.parse(data))
    }
  })
}

test('equal values have one token; those of other clients, zones and types are others', async () => {
  const data = '"one value for all"'
  const first = await json('tokenize', request(3, data))
  assert.equal((await json('tokenize', request(3, data))).text, first.text)
  const others = [
    await json('tokenize', request(3, data), { client: translator.bob }),
    await json('tokenize', request(3, data, `,"zone_id":"${translator.zone}"`)),
    await json('tokenize', request(5, data)),
  ]
  const tokens = new Set([first, ...others].map(({ text }) => text))
  assert.equal(tokens.size, 4)
})

test('a token is resolved for its client, zone and type alone', async () => {
  const zoned = `,"zone_id":"${translator.zone}"`
  for (const more of ['', zoned]) {
    const token = dataOf((await json('tokenize', request(3, '"some value"', more))).text)
    assert.equal((await json('detokenize', request(3, token, more))).status, 200)
    const misplaced = [
      await json('detokenize', request(3, token, more === '' ? zoned : '')),
      await json('detokenize', request(5, token, more)),
      await json('detokenize', request(3, '"never made"', more)),
    ]
    for (const { status, body } of misplaced) {
      assert.deepEqual([status, body.message], [422, "Can't detokenize data"])
    }
    // A zone belongs to all clients, as with envelopes.
    const other = await json('detokenize', request(3, token, more), { client: translator.bob })
    assert.equal(other.status, more === '' ? 422 : 200)
  }
  assert.match(translator.lines.join(''), /code=707 .*operation=.?detokenize/)
})

test('a zone without keys has no tokens', async () => {
  const unknown = ',"zone_id":"DDDDDDDDbbbbbbbbbbbbbbbb"'
  const answer = await json('tokenize', request(3, '"some value"', unknown))
  assert.deepEqual([answer.status, answer.body.message], [422, "Can't tokenize data"])
})

test('what is no value of its type is refused', async () => {
  const invalid = { code: 400, message: 'Invalid request data' }
  const empty = { code: 400, message: 'Invalid request data, empty data' }
  for (const body of [
    request(1, '2147483648'),
    request(1, '"5"'),
    request(1, '5.0'),
    request(1, '5e2'),
    request(1, '05'),
    request(1, '-'),
    request(1, 'true'),
    request(2, '9223372036854775808'),
    request(2, '1.0000000000000000000001'),
    request(2, '99999999999999999999999999'),
    request(3, '5'),
    request(3, 'null'),
    request(3, '"\\ud800"'),
    request(4, '"*"'),
    request(4, '{"source":"5"}'),
    request(5, '["a@example.com"]'),
    request(6, '"text"'),
    request(0, '"text"'),
    request('"3"', '"text"'),
    request('3.0', '"text"'),
    '{"data":"text"}',
    '[1]',
    '',
  ]) {
    assert.deepEqual((await json('tokenize', body)).body, invalid, body)
    assert.deepEqual((await json('detokenize', body)).body, invalid, body)
  }
  for (const body of ['{"type":3}', request(3, '""'), request(4, '""')]) {
    assert.deepEqual((await json('tokenize', body)).body, empty, body)
  }
  const latin = Buffer.from(request(3, '"caf\xe9"'), 'latin1')
  const answer = await translator.call('/v2/tokenize', { body: latin, type: 'application/json' })
  assert.deepEqual(answer.json(), invalid)
})

test('tokens stand among other operations in bulk, exact too', async () => {
  const item = (request_id: number, operation: string, data: string) =>
    `{"request_id":${request_id},"operation":"${operation}","request_data":${data}}`
  const requests = [
    item(7, 'tokenize', request(2, '9007199254740993')),
    item(8, 'encryptSym', `{"data":"${base64('x')}"}`),
    item(9, 'tokenize', request(1, '1.5')),
  ]
  const { text } = await json('bulkProcessing', `{"requests":[${requests.join(',')}]}`)
  const [, token] = /"request_id":7,"response_data":\{"data":(-?\d+)\}/.exec(text) ?? []
  assert.ok(token !== undefined, text)
  assert.match(text, /"request_id":9,"error":\{"code":400/)
  const back = await json(
    'bulkProcessing',
    `{"requests":[${item(1, 'detokenize', request(2, token))}]}`,
  )
  assert.equal(back.text, '[{"request_id":1,"response_data":{"data":9007199254740993}}]')
})

test('tokens in a file are there after a restart', async () => {
  const file = join(translator.folder, 'tokens.db')
  const again = { keys_dir: join(translator.folder, 'keys'), token_db: file }
  let token = ''
  for (const name of ['tokenize', 'detokenize']) {
    const one = await startTestTranslator(again)
    const data = name === 'tokenize' ? '"kept"' : token
    const answer = await one.json(name, request(3, data))
    token = dataOf(answer.text)
    await one.stop()
  }
  assert.equal(token, '"kept"')
})

test('it is said once that tokens are in memory, and no value is said', () => {
  const told = translator.lines.filter((line) => line.includes('Tokens are kept in memory'))
  assert.equal(told.length, 1)
  assert.doesNotMatch(translator.lines.join(''), /some value|ann@example|9007199254740993/)
})
