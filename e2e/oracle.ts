/** What a client is told of a record, and where that differs from what the database says of plain tables. */
import type { RawClient } from './raw-client.ts'
import { cellsOf } from './raw-client.ts'
import type { StepResult } from './session.ts'
import type { ShapeRecord } from './shapes.ts'

export interface Observed {
  readonly hasFailed: boolean
  readonly rows: readonly string[]
  readonly tags: readonly string[]
  /** The rows of the query that is run afterwards; empty where none is. */
  readonly state: readonly string[]
}

/** What a client was told of the steps; asks for the state they leave where the record says so. */
export async function observe(
  client: RawClient,
  record: ShapeRecord,
  results: readonly StepResult[],
): Promise<Observed> {
  const query = /^state:(.*)$/s.exec(record.compare ?? '')?.[1]
  const state: string[] = []
  if (query !== undefined) {
    await client.query('ROLLBACK')
    await client.query('RESET ALL')
    for (const answer of await client.query(query)) {
      if (answer.type === 'E') state.push('failed')
      if (answer.type === 'D')
        state.push(JSON.stringify(cellsOf(answer).map((cell) => cell?.toString('latin1') ?? null)))
    }
  }
  return {
    hasFailed: results.some(({ error }) => error !== null),
    rows: results.flatMap(({ rows }) => rows),
    tags: results.flatMap(({ tags }) => tags),
    state,
  }
}

/** How the answers differ from those for plain tables; null where they do not, by what the record says is to be compared. */
export function differenceOf(
  { compare = 'rows', order = 'any' }: ShapeRecord,
  plain: Observed,
  observed: Observed,
): string | null {
  if (plain.hasFailed !== observed.hasFailed)
    return observed.hasFailed
      ? 'an error that the database alone has not'
      : 'no error where the database alone has one'
  if (compare === 'ok') return null
  if (compare.startsWith('state:'))
    return unlike('the state afterwards', plain.state, observed.state, true)
  if (compare === 'affected') return unlike('the tags', plain.tags, observed.tags, true)
  return unlike('the rows', plain.rows, observed.rows, order === 'exact')
}

function unlike(
  what: string,
  plain: readonly string[],
  observed: readonly string[],
  inOrder: boolean,
): string | null {
  const sorted = (lines: readonly string[]) => (inOrder ? lines : [...lines].sort())
  const one = sorted(plain)
  const other = sorted(observed)
  const at = one.findIndex((line, index) => line !== other[index])
  if (at === -1 && one.length === other.length) return null
  const index = at === -1 ? one.length : at
  return `${what} differ: ${other[index] ?? 'nothing'} instead of ${one[index] ?? 'nothing'}`
}
