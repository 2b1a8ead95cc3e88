import { randomInt, timingSafeEqual } from 'node:crypto'

/** An Argon2id hash, and what it was made with. spec: acra-webconfig §4.2 */
export interface PasswordHash {
  /** Its letters are the salt's bytes. */
  readonly salt: string
  readonly time: number
  /** KiB. */
  readonly memory: number
  readonly threads: number
  readonly hash: Buffer
}

/** As @node-rs/argon2 numbers them; its own names are erased before we could use them. */
const ARGON2ID = 2
const VERSION_13 = 1
/** What new passwords are hashed with. */
const TIME = 3
const MEMORY = 8192
const THREADS = 2
const LENGTH = 32
const SALT_LENGTH = 16
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
/** What a file may ask of us: a larger cost is a mistake, or an attack. */
const BOUNDS = { time: 64, memory: 1_048_576, threads: 64, length: 1024 } as const

/** Whether a hash can be computed at a cost that somebody may have wanted. */
export function isAffordable({ time, memory, threads, hash }: PasswordHash): boolean {
  return (
    isWithin(time, BOUNDS.time) &&
    isWithin(threads, BOUNDS.threads) &&
    isWithin(memory, BOUNDS.memory) &&
    memory >= 8 * threads &&
    hash.length >= 4 &&
    isWithin(hash.length, BOUNDS.length)
  )
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = Array.from({ length: SALT_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join(
    '',
  )
  const made = { salt, time: TIME, memory: MEMORY, threads: THREADS, hash: Buffer.alloc(LENGTH) }
  return { ...made, hash: await compute(password, made) }
}

/** Whether it is the password. Takes as long for a wrong one. */
export async function matches(password: string, known: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await compute(password, known), known.hash)
}

/** Takes the time that checking a password takes, and answers no: for somebody who is no user. */
export async function refuseWhoeverItIs(password: string): Promise<false> {
  const salt = 'a'.repeat(SALT_LENGTH)
  await compute(password, { salt, time: TIME, memory: MEMORY, threads: THREADS, hash: NO_HASH })
  return false
}

const NO_HASH = Buffer.alloc(LENGTH)

async function compute(password: string, how: PasswordHash): Promise<Buffer> {
  const { hashRaw } = await import('@node-rs/argon2')
  return hashRaw(password, {
    algorithm: ARGON2ID,
    version: VERSION_13,
    salt: Buffer.from(how.salt),
    timeCost: how.time,
    memoryCost: how.memory,
    parallelism: how.threads,
    outputLen: how.hash.length,
  })
}

function isWithin(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= most
}
