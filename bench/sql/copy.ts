/** COPY of many rows into and out of encrypted columns, beside the cryptography alone. */
import { BlockKey, openEnvelopes, openerOf, sealBlockInContainer } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { BufferSink } from '#testing/workbench'
import { table } from '../document.ts'
import { cpuTimeNs, median } from '../machine.ts'
import { login } from '../raw.ts'
import { copyIn, copyMessages, copyOut } from './copy-client.ts'
import { onStage } from './ground.ts'
import type { Part } from './part.ts'

const ROWS = 100_000
const QUICK_ROWS = 200
const COLUMNS = 3
const SIZE = 100

const encryptorConfig = `schemas:
  - table: sealed
    columns: [id, a, b, c]
    encrypted:
      - { column: a, data_type: str }
      - { column: b, data_type: str }
      - { column: c, data_type: str }
`
const schema = `CREATE UNLOGGED TABLE sealed (id int, a bytea, b bytea, c bytea);
CREATE UNLOGGED TABLE clear (id int, a text, b text, c text)`

/** Seconds of a clock, and of CPU. */
interface Took {
  readonly seconds: number
  readonly cpuSeconds: number
}

export const copy: Part = ({ quick, rounds: wanted }) =>
  onStage(schema, encryptorConfig, async ({ front, database }) => {
    const rows = quick ? QUICK_ROWS : ROWS
    const rounds = quick ? 1 : Math.min(wanted, 3)
    const messages = copyMessages(linesOf(rows))
    const values = Array.from({ length: COLUMNS * 1000 }, (_, i) => Buffer.from(textOf(i)))
    const key = new BlockKey(nodePrimitives, Buffer.from(nodePrimitives.random(32)))
    const socket = await login(front)
    const ofServer = (work: () => Promise<unknown>) =>
      timed(work, () => cpuTimeNs(front.processId!))
    const candidates = {
      'sealing alone': () => timed(async () => sealAll(key, values, rows), ownCpuNs),
      'COPY in, encrypted': () =>
        ofServer(() => copyIn(socket, 'COPY sealed FROM STDIN', messages)),
      'COPY in, not protected': () =>
        ofServer(() => copyIn(socket, 'COPY clear FROM STDIN', messages)),
      'opening alone': () => timed(async () => openAll(key, values, rows), ownCpuNs),
      'COPY out, encrypted': () => ofServer(() => copyOut(socket, 'COPY sealed TO STDOUT')),
      'COPY out, not protected': () => ofServer(() => copyOut(socket, 'COPY clear TO STDOUT')),
    }
    const took = new Map<string, Took[]>()
    for (let round = 0; round <= rounds; round++) {
      await database.query('TRUNCATE sealed; TRUNCATE clear')
      for (const [name, run] of Object.entries(candidates)) {
        const figures = await run()
        if (round > 0 || quick) took.set(name, [...(took.get(name) ?? []), figures])
      }
    }
    const stored = await database.query<{ a: Buffer }>('SELECT a FROM sealed LIMIT 1')
    if (stored.rows[0]?.a[0] !== 0x25) throw new Error('a protected value is not protected')
    socket.destroy()
    const middle = (name: string, pick: (figures: Took) => number) =>
      median((took.get(name) ?? []).map(pick))
    const left = (alone: string, name: string, pick: (figures: Took) => number) =>
      median((took.get(alone) ?? []).map((one, i) => pick(one) / pick(took.get(name)![i]!)))
    const seconds = ({ seconds: figure }: Took) => figure
    const cpuSeconds = ({ cpuSeconds: figure }: Took) => figure
    return {
      lines: [
        `${rows} rows of ${COLUMNS} encrypted columns (AcraBlock, values of ${SIZE} bytes) and a number, in text format, through acra-server to a real PostgreSQL and back; medians of ${rounds} rounds in turn after one that does not count.`,
        'CPU is that of acra-server alone; where there is none, that of the process that seals and opens.',
        '',
        ...table(
          ['', 'rows/s', 's', 'CPU s'],
          [...took.keys()].map((name) => [
            name,
            (rows / middle(name, seconds)).toFixed(0),
            middle(name, seconds).toFixed(2),
            middle(name, cpuSeconds).toFixed(2),
          ]),
        ),
      ],
      targets: [
        {
          what: 'throughput: COPY in to sealing alone',
          bound: 'at least',
          limit: 0.5,
          value: left('sealing alone', 'COPY in, encrypted', seconds),
        },
        {
          what: 'the same by CPU',
          bound: 'at least',
          limit: 0.5,
          value: left('sealing alone', 'COPY in, encrypted', cpuSeconds),
        },
        {
          what: 'throughput: COPY out to opening alone',
          bound: 'at least',
          limit: 0.5,
          value: left('opening alone', 'COPY out, encrypted', seconds),
        },
        {
          what: 'the same by CPU',
          bound: 'at least',
          limit: 0.5,
          value: left('opening alone', 'COPY out, encrypted', cpuSeconds),
        },
      ],
    }
  })

function* linesOf(rows: number): Generator<string> {
  for (let row = 0; row < rows; row++)
    yield `${row}\t${textOf(row)}\t${textOf(row + 1)}\t${textOf(row + 2)}\n`
}

function textOf(index: number): string {
  return `value ${index} `.padEnd(SIZE, 'x')
}

function sealAll(key: BlockKey, values: readonly Buffer[], rows: number): void {
  const out = new BufferSink(1 << 16)
  for (let i = 0; i < COLUMNS * rows; i++) {
    if (i % 100 === 0) out.length = 0
    sealBlockInContainer(key, values[i % values.length] as Buffer, out)
  }
}

function openAll(key: BlockKey, values: readonly Buffer[], rows: number): void {
  const sealed = values.map((value) => {
    const out = new BufferSink(256)
    sealBlockInContainer(key, value, out)
    return out.take()
  })
  const opener = openerOf([key], [])
  const out = new BufferSink(1 << 16)
  for (let i = 0; i < COLUMNS * rows; i++) {
    if (i % 100 === 0) out.length = 0
    const envelope = sealed[i % sealed.length] as Buffer
    if (!openEnvelopes(envelope, 0, envelope.length, opener, out))
      throw new Error('an envelope does not open')
  }
}

async function timed(work: () => Promise<unknown>, cpuNs: () => number): Promise<Took> {
  const [cpu, begun] = [cpuNs(), performance.now()]
  await work()
  return { seconds: (performance.now() - begun) / 1000, cpuSeconds: (cpuNs() - cpu) / 1e9 }
}

function ownCpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}
