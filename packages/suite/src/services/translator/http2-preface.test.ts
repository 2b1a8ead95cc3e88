import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { readPreface, startsHttp2 } from './http2-preface.ts'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

test('the preface is known wherever the stream is cut, and anything else at its first wrong byte', async () => {
  for (let cut = 0; cut < preface.length; cut++) {
    const begun = preface.subarray(0, cut)
    assert.equal(startsHttp2(begun), null)
    assert.equal(startsHttp2(Buffer.concat([begun, Buffer.of(0xff)])), false)
    const connection = new PassThrough()
    const read = readPreface(connection, begun, 60_000)
    connection.write(Buffer.concat([preface.subarray(cut), Buffer.from('more')]))
    assert.equal(String(await read), `${preface}more`)
  }
})

test('what is no HTTP/2, ends before or says nothing is refused and closed', async () => {
  const refused = async (
    act: (connection: PassThrough) => void,
    code: string,
    timeoutMs = 60_000,
  ) => {
    const connection = new PassThrough()
    const read = readPreface(connection, preface.subarray(0, 3), timeoutMs)
    act(connection)
    await assert.rejects(read, { code })
    assert.ok(connection.destroyed)
  }
  await refused((connection) => connection.write('GET / HTTP/1.1\r\n\r\n'), 'http2-expected')
  await refused((connection) => connection.end(), 'connection-silent')
  await refused(() => {}, 'http2-expected', 1)
})
