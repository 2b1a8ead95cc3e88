import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { redisOptions } from '../net/redis/index.ts'
import type { Logger } from '../observe/index.ts'
import { settle } from '../options/index.ts'
import { decodeRecord, encodeRecord, openTokenStore, tokenOptions } from '../tokens/index.ts'
import { disable, enable } from './acra-tokens/change.ts'
import { remove } from './acra-tokens/remove.ts'
import { status } from './acra-tokens/status.ts'
import type { Program } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-tokens-'))
after(() => rmSync(folder, { recursive: true }))
let path = ''
let files = 0

function open() {
  const { values } = settle({ ...tokenOptions, ...redisOptions }, new Map(), new Map())
  return openTokenStore({ ...values, token_db: path }, {}, assert.fail)
}

/** Four tokens, made in 2020 to 2023 and used a year later; that of 2021 is disabled. */
beforeEach(async () => {
  path = join(folder, `${files++}.db`)
  const store = await open()
  for (const year of [2020, 2021, 2022, 2023]) {
    const record = {
      data: Buffer.alloc(100),
      created: Date.UTC(year, 5, 1) / 1000,
      accessed: Date.UTC(year + 1, 5, 1) / 1000,
      disabled: year === 2021,
    }
    await store.add(Buffer.alloc(32), Buffer.from(`t.${year}`), encodeRecord(record))
  }
  await store.close()
})

/** What a command prints and logs, a line each. */
async function run(
  command: Program<never>,
  options: Record<string, unknown> = {},
): Promise<string[]> {
  const lines: string[] = []
  const log = {
    info: (line: string) => lines.push(line),
    warning: (line: string) => lines.push(line),
  }
  const context = {
    options: {
      ...(settle(command.options, new Map(), new Map()).values as object),
      token_db: path,
      ...options,
    },
    operands: [],
    environment: {},
    log: log as unknown as Logger,
    print: (text: string) => lines.push(...text.trim().split('\n')),
  }
  assert.equal(await command.run(context as never), 0)
  return lines
}

/** The years of the tokens that are left, and which of them are disabled. */
async function left(): Promise<string[]> {
  const store = await open()
  const found: string[] = []
  await store.scan(({ key, value }) => {
    found.push(`${key.subarray(2)}${decodeRecord(value).disabled ? ' disabled' : ''}`)
    return 'keep'
  })
  await store.close()
  return found.sort()
}

test('status counts', async () => {
  assert.deepEqual(await run(status as never), [
    'TokenCount: 4',
    'StorageSize: 400 (400 B)',
    'DisabledTokenCount: 1',
    'DisabledStorageSize: 100 (100 B)',
  ])
  assert.equal((await run(status as never, { created_after: '2022' }))[0], 'TokenCount: 2')
  assert.equal((await run(status as never, { accessed_before: 'Jan 2023' }))[0], 'TokenCount: 2')
  const exact = { created_before: '2020-06-01T00:00:00Z' }
  assert.equal((await run(status as never, exact))[0], 'TokenCount: 1')
})

test('tokens are disabled and enabled by their dates', async () => {
  const lines = await run(disable as never, { created_before: '2022-01-01' })
  assert.deepEqual(lines, ['Disabled 1 tokens (out of 4 inspected)'])
  assert.deepEqual(await left(), ['2020 disabled', '2021 disabled', '2022', '2023'])
  assert.deepEqual(await run(enable as never), ['Enabled 2 tokens (out of 4 inspected)'])
  assert.deepEqual(await left(), ['2020', '2021', '2022', '2023'])
})

test('only disabled tokens are removed where only these are asked for', async () => {
  assert.deepEqual(await run(remove as never, { only_disabled: true, dry_run: true }), [
    'Removed 1 tokens (out of 4 in total)',
    'Freed approximately 100 B of token storage',
    'Now run without --dry_run to actually remove the tokens',
  ])
  assert.equal((await left()).length, 4)
  await run(remove as never, { only_disabled: true })
  assert.deepEqual(await left(), ['2020', '2022', '2023'])
  await run(remove as never, { all: true, created_after: '2023' })
  assert.deepEqual(await left(), ['2020', '2022'])
})

test('a removal that does not say what, no store, and dates that are none are refused', async () => {
  await assert.rejects(run(remove as never), {
    message: 'Either --all or --only_disabled must be specified',
  })
  await assert.rejects(run(status as never, { token_db: '' }), {
    message: 'Either --redis_host_port or --token_db is required',
  })
  for (const date of ['yesterday', '2020-13-01', '2020-02-30', 'Foo 2020', '2020-01-01T25:00']) {
    await assert.rejects(run(status as never, { created_after: date }), {
      message: 'Invalid date for --created_after',
    })
  }
  await assert.rejects(run(status as never, { redis_host_port: 'localhost:1' }), {
    message: 'Both --redis_host_port and --token_db cannot be used simultaneously',
  })
})
