/** Equality search among many rows by the index, beside the same query on a plaintext column with an index. */
import type { Socket } from 'node:net'
import pg from 'pg'
import { message } from '../../e2e/frontend.ts'
import { table } from '../document.ts'
import { cpuTimeNs, median } from '../machine.ts'
import { login, untilReady } from '../raw.ts'
import { copyIn, copyMessages } from './copy-client.ts'
import { onStage, type Stage } from './ground.ts'
import type { Part } from './part.ts'

const ROWS = 1_000_000
const QUICK_ROWS = 1000
const QUERIES = 2000
const QUICK_QUERIES = 5
const LIMIT = 1.2

const encryptorConfig = `schemas:
  - table: clear
    columns: [id, email]
  - table: sealed
    columns: [id, email]
    encrypted:
      - { column: email, data_type: str, searchable: true }
`
const schema = `CREATE UNLOGGED TABLE clear (id int, email text);
CREATE UNLOGGED TABLE sealed (id int, email bytea)`
const indexes = [
  'CREATE INDEX ON clear (email)',
  'CREATE INDEX ON sealed (substr(email, 1, 33))',
  'VACUUM ANALYZE clear',
  'VACUUM ANALYZE sealed',
]

/** A query on one of the tables, prepared under its name. */
interface Query {
  readonly name: string
  readonly from: 'clear' | 'sealed'
  readonly what: string
  readonly us: number[]
}

export const search: Part = ({ quick, rounds }) =>
  onStage(schema, encryptorConfig, async (stage) => {
    const rows = quick ? QUICK_ROWS : ROWS
    await fill(stage, rows)
    const socket = await login(stage.front)
    const queries: Query[] = ['id', 'id, email'].flatMap((what, i) =>
      (['clear', 'sealed'] as const).map((from) => ({ name: `${from}${i}`, from, what, us: [] })),
    )
    for (const { name, from, what } of queries) {
      const sql = `SELECT ${what} FROM ${from} WHERE email = $1`
      await say(socket, message.parse(sql, { name }), message.sync())
    }
    const count = quick ? QUICK_QUERIES : QUERIES * rounds
    for (let turn = 0; turn < count; turn++) {
      const value = Buffer.from(emailOf((turn * 7919) % rows))
      for (let i = 0; i < queries.length; i++) {
        const { name, us } = queries[(turn + i) % queries.length]!
        const bind = message.bind([{ format: 0, bytes: value }], { statement: name })
        const begun = performance.now()
        await say(socket, bind, message.execute(), message.sync())
        if (quick || turn >= QUERIES / 2) us.push((performance.now() - begun) * 1000)
      }
    }
    const cpu = await cpuOfEach(stage, socket, queries, quick ? QUICK_QUERIES : QUERIES, rows)
    socket.destroy()
    const ratio = (at: number) =>
      median(queries[at]!.us.map((us, i) => us / queries[at - 1]!.us[i]!))
    return {
      lines: [
        `${rows} rows in a real PostgreSQL, loaded by COPY through acra-server. Both tables are asked through it, by a statement that is prepared, one client; the value is another each time; the turn goes from query to query.`,
        'The index of the searchable column is on `substr(email, 1, 33)`, that of the other on `email`; that both are used has been asked of EXPLAIN.',
        '',
        ...table(
          ['`WHERE email = $1`', 'median, µs', 'CPU of acra-server, µs'],
          queries.map(({ from, what, us }, i) => [
            `\`SELECT ${what}\`, ${from === 'clear' ? 'plaintext' : 'searchable'}`,
            median(us).toFixed(0),
            cpu[i]!.toFixed(0),
          ]),
        ),
      ],
      targets: [
        { what: 'time of a search, `id`', bound: 'at most', limit: LIMIT, value: ratio(1) },
        {
          what: 'time of a search, `id, email`: one cell is opened, and its hash checked',
          bound: 'at most',
          limit: LIMIT,
          value: ratio(3),
        },
      ],
    }
  })

/** Loads both tables, makes the indexes, and makes sure that they are used and that rows are found. */
async function fill({ front, database, postgres }: Stage, rows: number): Promise<void> {
  const socket = await login(front)
  for (const into of ['clear', 'sealed']) {
    // Piece by piece: all of the text at once is much memory.
    for (let from = 0; from < rows; from += 100_000) {
      const messages = copyMessages(linesOf(from, Math.min(rows, from + 100_000)))
      await copyIn(socket, `COPY ${into} FROM STDIN`, messages)
    }
  }
  socket.destroy()
  for (const statement of indexes) await database.query(statement)
  const { user, host } = postgres
  const through = new pg.Client({ host, user, database: postgres.database, port: front.port })
  await through.connect()
  try {
    for (const from of ['clear', 'sealed']) await check(through, from)
  } finally {
    await through.end()
  }
}

/** Throws where a row is not found, or not by an index. */
async function check(through: pg.Client, from: string): Promise<void> {
  const ask = `SELECT id, email FROM ${from} WHERE email = '${emailOf(7)}'`
  const { rows } = await through.query<{ id: number; email: string }>(ask)
  if (rows[0]?.id !== 7 || rows[0].email !== emailOf(7))
    throw new Error(`a row of ${from} is not found`)
  const plan = await through.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${ask}`)
  const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
  if (!text.includes('Index')) throw new Error(`a search in ${from} takes no index:\n${text}`)
}

function* linesOf(from: number, to: number): Generator<string> {
  for (let row = from; row < to; row++) yield `${row}\t${emailOf(row)}\n`
}

function emailOf(row: number): string {
  return `someone.${row}@example.org`
}

async function say(socket: Socket, ...messages: readonly Buffer[]): Promise<void> {
  const answered = untilReady(socket)
  socket.write(Buffer.concat(messages))
  await answered
}

/** CPU of acra-server for each query, in turns of many. */
async function cpuOfEach(
  { front }: Stage,
  socket: Socket,
  queries: readonly Query[],
  count: number,
  rows: number,
): Promise<number[]> {
  const figures: number[] = []
  for (const { name } of queries) {
    const before = cpuTimeNs(front.processId!)
    for (let turn = 0; turn < count; turn++) {
      const value = Buffer.from(emailOf((turn * 7919) % rows))
      const bind = message.bind([{ format: 0, bytes: value }], { statement: name })
      await say(socket, bind, message.execute(), message.sync())
    }
    figures.push((cpuTimeNs(front.processId!) - before) / 1000 / count)
  }
  return figures
}
