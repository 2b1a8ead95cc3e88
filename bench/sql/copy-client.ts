/** COPY by a client that takes next to nothing itself. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { message } from '../../e2e/frontend.ts'

/** Bytes of rows in one message, as psql has it within a factor of some. */
const CHUNK_SIZE = 8 << 10
/** The last bytes of ReadyForQuery when idle. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** Rows cut into CopyData messages, made ready before anything is measured. */
export function copyMessages(rows: Iterable<string>): Buffer[] {
  const messages: Buffer[] = []
  let text = ''
  for (const row of rows) {
    text += row
    if (text.length < CHUNK_SIZE) continue
    messages.push(message.copyData(Buffer.from(text)))
    text = ''
  }
  if (text !== '') messages.push(message.copyData(Buffer.from(text)))
  return messages
}

/** `COPY ... FROM STDIN` with these messages. Throws where the database does not take all of it. */
export async function copyIn(socket: Socket, sql: string, rows: readonly Buffer[]): Promise<void> {
  const answer = answerOf(socket)
  socket.write(message.query(sql))
  for (const data of rows) if (!socket.write(data)) await once(socket, 'drain')
  socket.write(message.copyDone())
  const { tail } = await answer
  if (!tail.includes('COPY ')) throw new Error(`a COPY has failed: ${tail}`)
}

/** `COPY ... TO STDOUT`; how many bytes came. */
export async function copyOut(socket: Socket, sql: string): Promise<number> {
  const answer = answerOf(socket)
  socket.write(message.query(sql))
  const { size, tail } = await answer
  if (!tail.includes('COPY ')) throw new Error(`a COPY has failed: ${tail}`)
  return size
}

/** Everything up to ReadyForQuery: how much it is, and the end of it. */
function answerOf(socket: Socket): Promise<{ readonly size: number; readonly tail: string }> {
  let size = 0
  let last: Buffer = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error('a connection was lost'))
    const read = (chunk: Buffer) => {
      size += chunk.length
      last = Buffer.concat([last, chunk]).subarray(-512)
      if (!last.subarray(-ready.length).equals(ready)) return
      socket.off('data', read)
      socket.off('close', lost)
      resolve({ size, tail: last.toString('latin1') })
    }
    socket.on('data', read)
    socket.once('close', lost)
  })
}
