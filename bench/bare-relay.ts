/**
 * The smallest relay in Node: what comes from one side is written to the other, and nothing is looked at. The measure of
 * what a proxy in Node costs before it does anything.
 *
 *   node bare-relay.js HOST PORT     prints the port it listens on
 */
import { type AddressInfo, connect, createServer } from 'node:net'

const [host, port] = process.argv.slice(2)

const server = createServer({ noDelay: true }, (client) => {
  const database = connect({ host, port: Number(port), noDelay: true })
  for (const [from, to] of [
    [client, database],
    [database, client],
  ] as const) {
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
