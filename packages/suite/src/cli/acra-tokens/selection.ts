import { tlsToolOptions } from '../../net/index.ts'
import { redisOptions } from '../../net/redis/index.ts'
import { flag, text } from '../../options/index.ts'
import {
  decodeRecord,
  isInMemory,
  openTokenStore,
  type TokenRecord,
  type TokenStore,
  tokenOptions,
} from '../../tokens/index.ts'
import type { ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'

/** Which store is looked at, and which of its records. */
export const selectionOptions = {
  ...tokenOptions,
  ...redisOptions,
  accessed_after: text('', 'Only tokens that were last used at this time or later'),
  accessed_before: text('', 'Only tokens that were last used at this time or before'),
  created_after: text('', 'Only tokens that were made at this time or later'),
  created_before: text('', 'Only tokens that were made at this time or before'),
  ...tlsToolOptions,
} as const

export const dryRun = flag(false, 'Count what would be removed, and remove nothing')

type Context = Pick<ProgramContext<typeof selectionOptions>, 'options' | 'environment' | 'log'>

/** Does `work` with the store that the options name, and with whether a record is among those that they choose. */
export async function withTokens(
  { options, environment, log }: Context,
  work: (store: TokenStore, isChosen: (record: TokenRecord) => boolean) => Promise<void>,
): Promise<void> {
  const isChosen = selection(options)
  // A tool that is asked for tokens in Redis means the first database where it names none.
  const database = Math.max(0, options.redis_db_tokens)
  const place = { ...options, redis_db_tokens: database }
  if (isInMemory(place)) {
    throw new Refusal('Either --redis_host_port or --token_db is required', undefined, {
      cause: 'token storage is configured incorrectly',
    })
  }
  const store = await openTokenStore(place, environment, (sentence) => log.warning(sentence))
  try {
    await work(store, isChosen)
  } finally {
    await store.close()
  }
}

/** Visits every record with what is in it. */
export async function scanTokens(
  store: TokenStore,
  visit: (record: TokenRecord, size: number) => 'keep' | 'remove' | Buffer,
): Promise<void> {
  await store.scan(({ value }) => {
    const record = decodeRecord(value)
    return visit(record, record.data.length)
  })
}

function selection(options: Context['options']): (record: TokenRecord) => boolean {
  const limit = (
    name: 'accessed_after' | 'accessed_before' | 'created_after' | 'created_before',
  ) => (options[name] === '' ? null : secondsOf(options[name], name))
  const accessedAfter = limit('accessed_after')
  const accessedBefore = limit('accessed_before')
  const createdAfter = limit('created_after')
  const createdBefore = limit('created_before')
  return ({ accessed, created }) =>
    (accessedAfter === null || accessed >= accessedAfter) &&
    (accessedBefore === null || accessed <= accessedBefore) &&
    (createdAfter === null || created >= createdAfter) &&
    (createdBefore === null || created <= createdBefore)
}

const months =
  'january february march april may june july august september october november december'
const local = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/
const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[-+]\d{2}:\d{2})$/i
const monthAndYear = /^([a-z]+) (\d{4})$/i
const year = /^\d{4}$/

/** Seconds since 1970 of a date: RFC 3339, and shorter forms in the local zone. Throws Refusal. */
function secondsOf(date: string, flagName: string): number {
  const time = timeOf(date)
  if (!Number.isNaN(time)) return Math.floor(time / 1000)
  throw new Refusal(`Invalid date for --${flagName}`, undefined, {
    cause: 'unrecognized date format',
  })
}

function timeOf(date: string): number {
  if (zoned.test(date)) return Date.parse(date)
  const parts = local.exec(date)
  if (parts !== null) return localTime(parts.slice(1).map((part) => Number(part ?? 0)))
  const named = monthAndYear.exec(date)
  if (named !== null) {
    const name = named[1].toLowerCase()
    const month = months.split(' ').findIndex((full) => full === name || full.slice(0, 3) === name)
    return month === -1 ? Number.NaN : new Date(Number(named[2]), month, 1).getTime()
  }
  return year.test(date) ? new Date(Number(date), 0, 1).getTime() : Number.NaN
}

/** Of a day that the calendar has. */
function localTime([y, month, day, hour, minute, second]: number[]): number {
  const time = new Date(y!, month! - 1, day!, hour!, minute!, second!)
  const isReal = time.getMonth() === month! - 1 && time.getDate() === day && hour! < 24
  return isReal && minute! < 60 && second! < 60 ? time.getTime() : Number.NaN
}

/** `123 B`, `1.21 KB`: the original's. */
export function sizeText(size: number): string {
  if (size <= 512) return `${size} B`
  if (size <= 524_288) return `${(size / 1024).toFixed(2)} KB`
  if (size <= 536_870_912) return `${(size / 1024 ** 2).toFixed(2)} MB`
  return `${(size / 1024 ** 3).toFixed(2)} GB`
}
