import { int, text } from '../options/index.ts'

/** Where tokens are kept, besides the options of Redis (cli-tools.md §2.4, §10). */
export const tokenOptions = {
  token_db: text(
    '',
    'File of the tokens; a BoltDB file of Acra is copied once to the same name with ".lmdb"',
  ),
  redis_db_tokens: int(-1, 'Number of the Redis database for tokens; -1 for none', {
    min: -1,
    max: 1_000_000,
  }),
} as const
