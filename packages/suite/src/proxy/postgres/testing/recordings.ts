/** Conversations that clients have had with a real PostgreSQL (`npm run lab -- record` makes them), made ready to be said again. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Access, Column } from '../../../transform/index.ts'
import { protect } from '../../../transform/testing/index.ts'
import { dataRow } from '../../../wire/postgres/testing/index.ts'
import type { Side } from '../../conversation.ts'
import { framesOf } from './index.ts'

const folder = new URL('../../../../test/conversations/', import.meta.url)
/** A recorded cell that begins so stands for an envelope. */
const SEALED = 'sealed:'
const SEALED_HEX = `\\x${Buffer.from(SEALED).toString('hex')}`
const DATA_ROW = 'D'

/** What one side says before the other says something. */
export interface Turn {
  readonly from: Side
  readonly bytes: Buffer
}

export interface Recording {
  readonly name: string
  readonly turns: readonly Turn[]
}

/** All recordings, with envelopes by `column` in the place of the cells that stand for them. */
export function recordings(column: Column, access: Access): Recording[] {
  return readdirSync(folder).map((file) => {
    const lines = readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n')
    const turns = lines.map((line): Turn => {
      const bytes = Buffer.from(line.slice(2), 'base64')
      return line.startsWith('C')
        ? { from: 'client', bytes }
        : { from: 'database', bytes: withEnvelopes(bytes, column, access) }
    })
    return { name: file.replace('.txt', ''), turns }
  })
}

function withEnvelopes(stream: Buffer, column: Column, access: Access): Buffer {
  return Buffer.concat(
    framesOf(stream).map(({ type, bytes }) =>
      type === DATA_ROW ? rowWithEnvelopes(bytes, column, access) : bytes,
    ),
  )
}

function rowWithEnvelopes(row: Buffer, column: Column, access: Access): Buffer {
  const cells: (Buffer | string | null)[] = []
  for (let at = 7; at < row.length; ) {
    const size = row.readInt32BE(at)
    const cell = size === -1 ? null : row.subarray(at + 4, at + 4 + size)
    cells.push(
      cell?.toString('latin1').startsWith(SEALED_HEX) ? envelope(cell, column, access) : cell,
    )
    at += 4 + Math.max(0, size)
  }
  return dataRow(...cells)
}

function envelope(cell: Buffer, column: Column, access: Access): string {
  const plain = Buffer.from(cell.toString('latin1', 2), 'hex').subarray(SEALED.length)
  return `\\x${protect(column, plain, access).toString('hex')}`
}
