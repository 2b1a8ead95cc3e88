import assert from 'node:assert/strict'
import test from 'node:test'
import { anyColumn, columnFor } from '../../transform/index.ts'
import { accessOf, MemoryKeystore, protect, settingOf } from '../../transform/testing/index.ts'
import {
  commandComplete,
  dataRow,
  query,
  readyForQuery,
  rowDescription,
} from '../../wire/postgres/testing/index.ts'
import { ColumnTable } from '../columns.ts'
import { PassThrough } from './pass-through.ts'
import { RowRevealer } from './rows.ts'
import { RecordedOutlet } from './testing/index.ts'

const access = accessOf('alice', new MemoryKeystore().generate('alice'))
const cell = protect(columnFor(settingOf()), 'ann', access)

function escapeForm(bytes: Buffer): string {
  return [...bytes]
    .map((byte) =>
      byte < 32 || byte > 126 || byte === 92
        ? `\\${byte === 92 ? '\\' : byte.toString(8).padStart(3, '0')}`
        : String.fromCharCode(byte),
    )
    .join('')
}

test('without protected columns envelopes are opened in every form, and all else passes as it came', async () => {
  const toClient = new RecordedOutlet()
  const toDatabase = new RecordedOutlet()
  const rows = new RowRevealer(new ColumnTable([], columnFor, anyColumn), access, toClient)
  const connection = new PassThrough(toClient, toDatabase, null, {
    rows,
    opens: true,
    mustRead: false,
    heldSizeMax: 1 << 20,
  })
  await connection.fromDatabase(readyForQuery('I'))
  assert.ok(connection.isReady && connection.isIdle)
  toClient.take()
  const statement = query("SELECT 'anything'")
  await connection.fromClient(statement)
  assert.deepEqual(toDatabase.take(), statement)
  assert.ok(!connection.isIdle)
  const head = rowDescription({ name: 'a', typeOid: 17 }, { name: 'b', typeOid: 17 })
  const tail = Buffer.concat([commandComplete('SELECT 4'), readyForQuery('I')])
  const hex = `\\x${cell.toString('hex')}`
  const answer = Buffer.concat([
    head,
    dataRow(hex, 'plain'),
    dataRow(escapeForm(cell), null),
    dataRow(cell, Buffer.of(0, 1)),
    dataRow('%%% no envelope', '\\x25252500'),
    tail,
  ])
  const expected = Buffer.concat([
    head,
    dataRow('\\x616e6e', 'plain'),
    dataRow('ann', null),
    dataRow('ann', Buffer.of(0, 1)),
    dataRow('%%% no envelope', '\\x25252500'),
    tail,
  ])
  for (let cut = 0; cut <= answer.length; cut++) {
    await connection.fromDatabase(answer.subarray(0, cut))
    await connection.fromDatabase(answer.subarray(cut))
    assert.deepEqual(toClient.take(), expected, `cut at ${cut}`)
  }
  assert.ok(connection.isIdle)
})
