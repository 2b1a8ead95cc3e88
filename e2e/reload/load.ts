/** Clients that call without pause while the programs that serve them are told to read their configuration again. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { AcraReader, acra } from '@acra-ts/sdk/node'
import type { AcraServer, Keys } from '../../tools/programs.ts'
import { root } from '../../tools/repository.ts'

const run = promisify(execFile)
/** Between two looks at what is waited for. */
const LOOK_MS = 5
const PATIENCE_MS = 60_000

/** One client: does one call, and rejects where its answer is wrong or missing. */
export type Call = () => Promise<unknown>

/** Clients at work. The first call that is lost fails whatever is asked of the load afterwards. */
export class Load {
  readonly #counts = new Map<string, number>()
  readonly #work: Promise<unknown>
  #isOver = false

  /** Starts a client for each call; each begins its next one when the last is answered. */
  constructor(calls: Readonly<Record<string, Call>>) {
    this.#work = Promise.all(Object.entries(calls).map(([name, call]) => this.#repeat(name, call)))
    // It is told to who asks next.
    this.#work.catch(() => {})
  }

  /** Waits until every client has begun and finished a call, at least. */
  async goesOn(): Promise<void> {
    const before = new Map(this.#counts)
    // The one that was at work when we came does not count.
    const isFurther = () =>
      [...this.#counts].every(([name, count]) => count >= (before.get(name) ?? 0) + 2)
    await Promise.race([this.#work, until('every client gets answers', isFurther)])
  }

  /** Lets every client finish its call. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#work
  }

  async #repeat(name: string, call: Call): Promise<void> {
    this.#counts.set(name, 0)
    try {
      for (; !this.#isOver; this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)) await call()
    } catch (cause) {
      const count = this.#counts.get(name)
      throw new Error(`${name}: call ${count} was lost: ${String(cause)}`, { cause })
    }
  }
}

/** Sends SIGHUP, and waits until the program has read its configuration; or has said this. What it logged meanwhile. */
export async function reload(
  program: AcraServer,
  expected = /Configuration was read again/,
): Promise<string> {
  const before = logOf(program).length
  process.kill(program.pid, 'SIGHUP')
  const more = () => logOf(program).slice(before)
  await until(`the log says ${expected}`, () => expected.test(more()))
  return more()
}

/** SIGHUP so often, each with calls in between, and without waiting for what comes of it. */
export async function signals(count: number, load: Load, ...programs: AcraServer[]): Promise<void> {
  for (let i = 0; i < count; i++) {
    for (const { pid } of programs) process.kill(pid, 'SIGHUP')
    await load.goesOn()
  }
}

/** Opens values by the newest symmetric storage key of a client alone. */
export async function readerOf(keys: Keys, clientId: string): Promise<AcraReader> {
  const words = ['read', `--keys_dir=${keys.folder}`, `${clientId}_storage_sym`]
  const options = { env: { ...process.env, ...keys.environment }, encoding: 'buffer' } as const
  const tool = join(root, 'packages/suite/bin/acra-keys.js')
  const { stdout } = await run(process.execPath, [tool, ...words], options)
  return new AcraReader(acra, { symmetricKeys: [stdout] })
}

export function logOf({ logFile }: AcraServer): string {
  return readFileSync(logFile, 'utf8')
}

/** What it has logged since it was reloaded for the first time. The probe that waited for its start comes and goes before that. */
export function sinceReload(program: AcraServer): string {
  const log = logOf(program)
  return log.slice(log.indexOf('Configuration was read again'))
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !isSo(); await sleep(LOOK_MS)) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
  }
}
