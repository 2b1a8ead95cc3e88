import { isAffordable, type PasswordHash } from './password-hash.ts'

/** What passwords are checked by, by the names of users. */
export type UserList = ReadonlyMap<string, PasswordHash>

/** The users of a text of lines `user:salt:time,memory,threads,length:base64(hash)`. `wrong` is told of each line that is none, which is left out. */
export function readUserList(text: string, wrong: (sentence: string) => void): UserList {
  const users = new Map<string, PasswordHash>()
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim()
    if (line === '') return
    const parts = line.split(':')
    const at = `wrong line no. ${index + 1}`
    if (parts.length !== 4) {
      wrong(`${at}, unexpected number (${parts.length}) of splitted parts split by :`)
      return
    }
    const [user, salt, costs, hash] = parts.map((part) => part.trim()) as [
      string,
      string,
      string,
      string,
    ]
    const known = hashIn(salt, costs, hash)
    if (user === '' || known === null) wrong(`${at}, it has no password hash that can be used`)
    else if (users.has(user)) wrong(`${at}, user (${user}) already defined`)
    else users.set(user, known)
  })
  return users
}

/** The same the other way round: each line is ended. */
export function userListText(users: UserList): string {
  const lines = [...users].map(([user, { salt, time, memory, threads, hash }]) => {
    const costs = [time, memory, threads, hash.length].join(',')
    return `${user}:${salt}:${costs}:${hash.toString('base64')}\n`
  })
  return lines.join('')
}

function hashIn(salt: string, costs: string, base64: string): PasswordHash | null {
  if (!/^\d+,\d+,\d+,\d+$/.test(costs) || salt.length < 8) return null
  const [time, memory, threads, length] = costs.split(',').map(Number) as [
    number,
    number,
    number,
    number,
  ]
  const hash = Buffer.from(base64, 'base64')
  const known = { salt, time, memory, threads, hash }
  return hash.length === length && isAffordable(known) ? known : null
}
