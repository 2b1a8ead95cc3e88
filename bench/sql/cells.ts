/** What each transformation costs per cell, beside an encrypted cell of the same size. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from '#testing/redis'
import {
  type Access,
  BufferSink,
  openTokens,
  openWorkbench,
  type PlannedColumn,
  type TokenPlace,
  type TokenStore,
  type Workbench,
} from '#testing/workbench'
import { table } from '../document.ts'
import type { Target } from '../targets.ts'
import { type Candidate, measureInTurn, middleOf, ratioOf } from './measure.ts'
import type { Part } from './part.ts'

const SIZE = 100
/** Values that are there already, each asked for in its turn. */
const VALUES = 2000
/** Calls at once where a store has to be waited for, as of so many connections. */
const LANES = 16
const LIMIT = 1.5

const encryptorConfig = `schemas:
  - table: people
    columns: [sealed, struct, found, masked, token, single]
    encrypted:
      - { column: sealed, data_type: str }
      - { column: struct, data_type: str, crypto_envelope: acrastruct }
      - { column: found, data_type: str, searchable: true }
      - { column: masked, data_type: str, masking: xxxx, plaintext_length: 3, plaintext_side: left }
      - { column: token, token_type: str }
      - { column: single, token_type: str, consistent_tokenization: true }
`

/** A candidate, what it is compared with, and whether it has to be near that. */
interface Cell extends Candidate {
  readonly base: string
  readonly isTarget: boolean
}

interface Row {
  readonly name: string
  readonly cpuUs: number
  readonly isTarget: boolean
  readonly ratio: number | null
}

const encryptedRead = 'read: encrypted (AcraBlock)'
const encryptedWrite = 'write: encrypted (AcraBlock)'

export const cells: Part = async (settings) => {
  const folder = mkdtempSync(join(tmpdir(), 'acra-bench-tokens-'))
  const redis = await RedisServer.start()
  const stores: TokenStore[] = []
  try {
    const all: Cell[] = await columnCells(await openWorkbench(encryptorConfig))
    const places: readonly (readonly [string, TokenPlace])[] = [
      ['memory', 'memory'],
      ['LMDB', { path: join(folder, 'tokens.db') }],
      ['Redis', { hostPort: redis.hostPort }],
    ]
    for (const [name, place] of places) {
      const store = await openTokens(place)
      stores.push(store)
      all.push(...(await tokenCells(await openWorkbench(encryptorConfig, store), name)))
    }
    const rows: Row[] = []
    for (const { name, isTarget, base, ...cell } of all) {
      // The two follow each other at once: what the machine does meanwhile hits both alike.
      const pair = [
        { name, ...cell },
        { name: base, run: all.find((other) => other.name === base)!.run },
      ]
      const [own, encrypted] = await measureInTurn(pair, settings)
      const ratio = name === base ? null : ratioOf(own!, encrypted!)
      rows.push({ name, isTarget, cpuUs: middleOf(own!), ratio })
    }
    const heads = [`a cell of ${SIZE} bytes`, 'CPU µs', 'to an encrypted one']
    return {
      lines: [
        `CPU time of one process for one value through its column, without the protocol around it: all threads, but not Redis's own. Medians of ${settings.rounds} rounds, in turn with the encrypted cell that it is compared with.`,
        `Where a store has to be waited for, ${LANES} values are under way at once. A token in LMDB is on the disk when it is answered.`,
        '',
        ...table(
          heads,
          rows.map(({ name, cpuUs, ratio }) => [
            name,
            cpuUs.toFixed(2),
            ratio === null ? '1' : ratio.toFixed(2),
          ]),
        ),
      ],
      targets: rows.flatMap(({ name, isTarget, ratio }): Target[] =>
        isTarget
          ? [{ what: `${name}, to encrypted`, bound: 'at most', limit: LIMIT, value: ratio }]
          : [],
      ),
    }
  } finally {
    for (const store of stores) await store.close()
    await redis.stop()
    rmSync(folder, { recursive: true })
  }
}

async function columnCells(bench: Workbench): Promise<Cell[]> {
  const kinds = [
    { column: 'sealed', name: 'encrypted (AcraBlock)', isTarget: false },
    { column: 'struct', name: 'encrypted (AcraStruct)', isTarget: false },
    { column: 'found', name: 'searchable', isTarget: true },
    { column: 'masked', name: 'masked', isTarget: true },
  ]
  const found: Cell[] = []
  for (const { column, name, isTarget } of kinds) {
    const cell = new ColumnCell(bench, column)
    found.push(
      {
        name: `read: ${name}`,
        run: cell.reader(await cell.stored()),
        base: encryptedRead,
        isTarget,
      },
      { name: `write: ${name}`, run: cell.writer(known), base: encryptedWrite, isTarget },
    )
  }
  const search = new ColumnCell(bench, 'found').searcher()
  return [
    ...found,
    { name: 'search: searchable', run: search, base: encryptedWrite, isTarget: false },
  ]
}

async function tokenCells(bench: Workbench, place: string): Promise<Cell[]> {
  const token = new ColumnCell(bench, 'token')
  const single = new ColumnCell(bench, 'single')
  const [tokens] = [await token.stored(), await single.stored()]
  const cell = (name: string, run: Candidate['run'], base: string): Cell => ({
    name: `${name}, ${place}`,
    run,
    base,
    lanes: LANES,
    isTarget: true,
  })
  return [
    cell('read: token', token.reader(tokens), encryptedRead),
    cell('write: random token', token.writer(known), encryptedWrite),
    cell('write: consistent token, value known', single.writer(known), encryptedWrite),
    cell('write: consistent token, new value', single.writer(fresh), encryptedWrite),
    { ...cell('search: consistent token', single.searcher(), encryptedWrite), isTarget: false },
  ]
}

/** One column of the table, and what is asked of it. */
class ColumnCell {
  readonly #planned: PlannedColumn
  readonly #access: Access

  constructor(bench: Workbench, column: string) {
    this.#planned = bench.column('people', column)
    this.#access = bench.access
  }

  /** The stored forms of the known values. */
  async stored(): Promise<Buffer[]> {
    const all: Buffer[] = []
    for (let i = 0; i < VALUES; i++) {
      const out = new BufferSink(256)
      await this.#planned.column.protect(known(i), this.#access, out)
      all.push(out.take())
    }
    return all
  }

  reader(stored: readonly Buffer[]): Candidate['run'] {
    let next = 0
    return () => {
      const value = stored[next++ % VALUES] as Buffer
      return this.#planned.column.reveal(value, this.#access, new BufferSink(256))
    }
  }

  writer(valueAt: (index: number) => Buffer): Candidate['run'] {
    let next = 0
    return () => this.#planned.column.protect(valueAt(next++), this.#access, new BufferSink(512))
  }

  searcher(): Candidate['run'] {
    let next = 0
    const { search } = this.#planned.column
    if (search === null) throw new Error('a column that cannot be searched')
    return () => search.forms(known(next++), this.#access)
  }
}

const knownValues = Array.from({ length: VALUES }, (_, i) => newValue('known', i))

function known(index: number): Buffer {
  return knownValues[index % VALUES] as Buffer
}

/** A value that nobody has asked for yet. */
function fresh(index: number): Buffer {
  return newValue('fresh', index)
}

function newValue(name: string, index: number): Buffer {
  return Buffer.from(`${name} ${index} `.padEnd(SIZE, 'x'))
}
