import assert from 'node:assert/strict'
import test from 'node:test'
import { bulkItemsIn, bulkRequest, dataRequest, dataRequestIn } from './http-schemas.ts'

const data = 'aGVsbG8='
const request_data = { data }
const item = { request_id: 1, operation: 'encrypt', request_data }

test('requests for one value are what their schema says', () => {
  for (const [request, isOne] of [
    [{ data }, true],
    [{ data: '' }, true],
    [{ data, zone_id: 'zone' }, true],
    [{ data, other: 1 }, true],
    [null, false],
    [{}, false],
    [{ data: 'aGVsbG8' }, false],
    [{ data: 'aGVs-G8=' }, false],
    [{ data: `${data}\n` }, false],
    [{ data: 5 }, false],
    [{ data, zone_id: null }, false],
    [{ data, zone_id: 5 }, false],
  ] as const) {
    const told = JSON.stringify(request)
    assert.equal(dataRequest.safeParse(request).success, isOne, told)
    assert.equal(dataRequestIn(request) !== null, isOne, told)
  }
})

test('requests for many values are what their schema says', () => {
  for (const [requests, areMany] of [
    [[], true],
    [[item, item], true],
    [[{ ...item, request_id: -1 }], true],
    [[{ ...item, other: 1 }], true],
    [null, false],
    [[item, null], false],
    [[{ ...item, request_id: 1.5 }], false],
    [[{ ...item, request_id: '1' }], false],
    [[{ ...item, request_id: 2 ** 53 }], false],
    [[{ ...item, operation: 1 }], false],
    [[{ ...item, request_data: null }], false],
    [[{ ...item, request_data: [] }], false],
    [[{ ...item, request_data: data }], false],
  ] as const) {
    const told = JSON.stringify(requests)
    assert.equal(bulkRequest.safeParse({ requests }).success, areMany, told)
    assert.equal(bulkItemsIn(requests) !== null, areMany, told)
  }
})
