/**
 * Whose process an application is: it must not run as our own user, who can read our keys. The kernel's tables of sockets say so for
 * every connection of this machine, whatever address it goes by. spec: acra-connector §5
 */
import { readFile } from 'node:fs/promises'
import { isIPv4, type Socket } from 'node:net'

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const
/** Columns of a row: both addresses, and the user. */
const LOCAL = 1
const REMOTE = 2
const USER = 7

/** Why an application is not served, in the words of the original; `cause` is what stands behind it. */
export class UserCheckError extends Error {}

/**
 * Rejects with UserCheckError where the other end of `socket` belongs to `ownUser`, or where nobody knows whose it is. Applications
 * of other machines pass.
 */
export async function checkUser(socket: Socket, ownUser: number): Promise<void> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined) {
    throw new UserCheckError("Can't parse client remote address")
  }
  const user = await ownerOf(
    endPoints(remoteAddress, remotePort),
    endPoints(localAddress ?? '', localPort ?? 0),
  )
  if (user === ownUser) {
    throw new UserCheckError('Client application and ssproxy need to be start from different users')
  }
  if (user === null && isLoopback(remoteAddress)) {
    throw new UserCheckError("Can't get owner UID of localhost client connection")
  }
}

/** The user of the socket with these two ends; null where no process of this machine has it. */
async function ownerOf(
  local: readonly string[],
  remote: readonly string[],
): Promise<number | null> {
  for (const path of TABLES) {
    const user = findOwner(await readTable(path), local, remote)
    if (user !== null) return user
  }
  return null
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (cause) {
    // A kernel without IPv6 has no table of it.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new UserCheckError("Can't get owner UID of localhost client connection", { cause })
  }
}

/** Looks for a row whose ends are of those given, in the kernel's notation. */
export function findOwner(
  table: string,
  local: readonly string[],
  remote: readonly string[],
): number | null {
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (local.includes(columns[LOCAL] ?? '') && remote.includes(columns[REMOTE] ?? '')) {
      return Number(columns[USER])
    }
  }
  return null
}

/** How the kernel may write an end: an IPv4 address stands in its own table, or mapped in the one of IPv6. */
export function endPoints(address: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const plain = address.replace(/^::ffff:/i, '').replace(/%.*$/, '')
  if (isIPv4(plain)) {
    const reversed = word(Uint8Array.from(plain.split('.').map(Number)))
    return [`${reversed}${suffix}`, `0000000000000000FFFF0000${reversed}${suffix}`]
  }
  const bytes = ipv6Bytes(plain)
  const words = [0, 4, 8, 12].map((at) => word(bytes.subarray(at, at + 4)))
  return [`${words.join('')}${suffix}`]
}

/** Four bytes as the number that they are to a little-endian machine. */
function word(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('hex').toUpperCase()
}

function ipv6Bytes(address: string): Uint8Array {
  const [head = '', tail] = address.split('::')
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const zeros = new Array<number>(8 - front.length - back.length).fill(0)
  return Uint8Array.from([...front, ...zeros, ...back].flatMap((g) => [g >> 8, g & 0xff]))
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./i.test(address)
}
