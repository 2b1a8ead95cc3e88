/**
 * A database that lets everybody in, answers every statement alike and needs next to nothing for a connection.
 *
 *   node stand-in.js     prints the port it listens on
 */
import { type AddressInfo, createServer } from 'node:net'

const QUERY = 0x51
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
/** AuthenticationOk, BackendKeyData, ReadyForQuery. */
const login = Buffer.from(
  '520000000800000000' + '4b0000000c0000000100000002' + '5a0000000549',
  'hex',
)
/** RowDescription of one int4, DataRow of 1, CommandComplete, ReadyForQuery. */
const answer = Buffer.from(
  '540000001a00016e00000000000000000000170004ffffffff0000' +
    '440000000b00010000000131' +
    '430000000d53454c454354203100' +
    '5a0000000549',
  'hex',
)

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  let isLoggedIn = false
  socket.on('data', (chunk) => {
    if (chunk.equals(sslRequest)) socket.write('N')
    else if (!isLoggedIn) isLoggedIn = socket.write(login)
    else if (chunk[0] === QUERY) socket.write(answer)
  })
})
server.listen(0, '127.0.0.1', 8192, () => console.log((server.address() as AddressInfo).port))
