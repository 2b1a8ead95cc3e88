/**
 * A column is the same column through whatever it is led: random chains of derived tables, common tables, joins and renames, with the
 * reference at their end in every kind of place.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { verdict } from './testing/index.ts'
import { catalog } from './testing/tables.ts'

/** Something to select from, and how a column of it is written. */
interface Source {
  readonly common: readonly string[]
  readonly from: string
  readonly reference: string
}

/** What leads a column on. `n` makes names unique. */
type Lead = (source: Source, n: number) => Source

const derived =
  (query: (source: Source, n: number) => string, reference: (n: number) => string): Lead =>
  (source, n) => ({
    ...source,
    from: query(source, n),
    reference: reference(n),
  })

const common =
  (definition: (source: Source, n: number) => string): Lead =>
  (source, n) => ({
    common: [...source.common, definition(source, n)],
    from: `w${n}`,
    reference: `w${n}.c${n}`,
  })

const LEADS: Readonly<Record<string, Lead>> = {
  'a derived table': derived(
    ({ from, reference }, n) => `(SELECT 1 AS k, ${reference} AS c${n} FROM ${from}) d${n}`,
    (n) => `d${n}.c${n}`,
  ),
  'an unqualified name': derived(
    ({ from, reference }, n) => `(SELECT ${reference} AS c${n} FROM ${from}) d${n}`,
    (n) => `c${n}`,
  ),
  'renamed columns': derived(
    ({ from, reference }, n) => `(SELECT 1, ${reference} FROM ${from}) d${n} (a${n}, b${n})`,
    (n) => `b${n}`,
  ),
  'a star': derived(
    ({ from, reference }, n) =>
      `(SELECT * FROM (SELECT ${reference} AS c${n} FROM ${from}) s${n}) d${n}`,
    (n) => `c${n}`,
  ),
  'a star of one': derived(
    ({ from, reference }, n) =>
      `(SELECT s${n}.* FROM plain, (SELECT ${reference} FROM ${from}) s${n} (c${n})) d${n}`,
    (n) => `d${n}.c${n}`,
  ),
  'a lateral query': derived(
    ({ from, reference }, n) => `${from}, LATERAL (SELECT ${reference} AS c${n}) d${n}`,
    (n) => `c${n}`,
  ),
  'a join with an alias': derived(
    ({ from, reference }, n) =>
      `((SELECT ${reference} AS c${n} FROM ${from}) d${n} CROSS JOIN plain p${n}) AS j${n}`,
    (n) => `j${n}.c${n}`,
  ),
  'a join with renamed columns': derived(
    ({ from, reference }, n) =>
      `(plain p${n} LEFT JOIN (SELECT ${reference} FROM ${from}) d${n} ON true) AS j${n} (a${n}, b${n}, e${n}, c${n})`,
    (n) => `c${n}`,
  ),
  'UNION ALL': derived(
    ({ from, reference }, n) =>
      `(SELECT ${reference} AS c${n} FROM ${from} UNION ALL SELECT NULL) d${n}`,
    (n) => `c${n}`,
  ),
  'UNION ALL behind NULL': derived(
    ({ from, reference }, n) =>
      `(SELECT NULL AS c${n} UNION ALL SELECT ${reference} FROM ${from}) d${n}`,
    (n) => `c${n}`,
  ),
  VALUES: derived(
    ({ from, reference }, n) =>
      `(VALUES ((SELECT ${reference} FROM ${from} LIMIT 1), 1)) v${n} (c${n})`,
    (n) => `c${n}`,
  ),
  'a subquery': (source) => ({ ...source, reference: `(SELECT ${source.reference})` }),
  'a common table': common(
    ({ from, reference }, n) => `w${n} AS (SELECT ${reference} AS c${n} FROM ${from})`,
  ),
  'a common table with names': common(
    ({ from, reference }, n) =>
      `w${n} (k, c${n}) AS MATERIALIZED (SELECT 1, ${reference} FROM ${from})`,
  ),
  'a recursive common table': common(
    ({ from, reference }, n) =>
      `w${n} (c${n}) AS (SELECT ${reference} FROM ${from} UNION ALL SELECT c${n} FROM w${n})`,
  ),
  'a recursive branch': common(
    ({ from, reference }, n) =>
      `w${n} (c${n}) AS (SELECT NULL UNION ALL SELECT ${reference} FROM w${n}, ${from})`,
  ),
  'nested WITH': derived(
    ({ from, reference }, n) =>
      `(WITH x AS (SELECT ${reference} AS c${n} FROM ${from}) SELECT c${n} FROM x) d${n}`,
    (n) => `c${n}`,
  ),
}

const ROOTS = (column: string): readonly Source[] => [
  { common: [], from: 'users', reference: column },
  { common: [], from: 'ONLY public.users', reference: `public.users.${column}` },
  { common: [], from: 'users u', reference: `u.${column}` },
  { common: [], from: 'users TABLESAMPLE system (50)', reference: `users.${column}` },
  { common: [], from: 'plain JOIN users USING (id)', reference: `users.${column}` },
  {
    common: [`gone AS (DELETE FROM users WHERE id = 0 RETURNING *)`],
    from: 'gone',
    reference: `gone.${column}`,
  },
  {
    common: [`made AS (UPDATE users SET nick = nick RETURNING new.${column} AS m)`],
    from: 'made',
    reference: 'm',
  },
]

/** Places where a protected column must be refused. */
const USES: readonly ((from: string, reference: string) => string)[] = [
  (from, column) => `SELECT 1 FROM ${from} WHERE ${column} = 'x'`,
  (from, column) => `SELECT 1 FROM ${from} WHERE 1 = 1 AND (2 = 3 OR NOT ($1 IN (${column}, 'y')))`,
  (from, column) => `SELECT ${column} = 'x' FROM ${from}`,
  (from, column) => `SELECT lower(${column}::text) FROM ${from}`,
  (from, column) => `SELECT length(CASE WHEN 1 = 2 THEN ${column} END) FROM ${from}`,
  (from, column) => `SELECT max(${column}) FROM ${from}`,
  (from, column) => `SELECT 1 FROM ${from} HAVING max(${column}) = 'x'`,
  (from, column) => `SELECT count(*) FILTER (WHERE ${column} = 'x') FROM ${from}`,
  (from, column) => `SELECT rank() OVER (ORDER BY ${column}) FROM ${from}`,
  (from, column) => `SELECT 1 FROM ${from} ORDER BY ${column}`,
  (from, column) => `SELECT ${column} AS out FROM ${from} ORDER BY out`,
  (from, column) => `SELECT 1, ${column} FROM ${from} ORDER BY 2`,
  (from, column) => `SELECT 1 FROM ${from} GROUP BY ${column}`,
  (from, column) => `SELECT DISTINCT ${column} FROM ${from}`,
  (from, column) => `SELECT DISTINCT ON (${column}) 1 FROM ${from}`,
  (from, column) => `SELECT ${column} FROM ${from} UNION SELECT note FROM plain`,
  (from, column) => `SELECT ${column} FROM ${from} EXCEPT ALL SELECT note FROM plain`,
  (from, column) =>
    `SELECT 1 FROM plain q JOIN (SELECT ${column} AS z FROM ${from}) y ON y.z = q.note`,
  (from, column) =>
    `SELECT 1 FROM plain q JOIN (SELECT ${column} AS note FROM ${from}) y USING (note)`,
  (from, column) => `SELECT 1 FROM plain q NATURAL JOIN (SELECT ${column} AS note FROM ${from}) y`,
  (from, column) => `SELECT 1 FROM plain WHERE note IN (SELECT ${column} FROM ${from})`,
  (from, column) =>
    `SELECT 1 FROM plain WHERE EXISTS (SELECT 1 FROM ${from} WHERE ${column} = plain.note)`,
  (from, column) => `SELECT ARRAY(SELECT ${column} FROM ${from})`,
  (from, column) => `SELECT row_to_json(y) FROM (SELECT ${column} FROM ${from}) y`,
  (from, column) => `SELECT y FROM (SELECT ${column} FROM ${from}) y`,
  (from, column) => `SELECT jsonb_build_object('a', ${column}) FROM ${from}`,
  (from, column) => `INSERT INTO plain (note) SELECT ${column} FROM ${from}`,
  (from, column) => `INSERT INTO plain (note) VALUES ((SELECT ${column} FROM ${from} LIMIT 1))`,
  (from, column) => `UPDATE plain SET note = (SELECT ${column} FROM ${from} LIMIT 1)`,
  (from, column) => `DELETE FROM plain WHERE note = (SELECT ${column} FROM ${from} LIMIT 1)`,
  (from, column) => `CREATE TABLE t AS SELECT ${column} FROM ${from}`,
  (from, column) => `CREATE VIEW v AS SELECT ${column} AS c FROM ${from}`,
  (from, column) => `DECLARE c CURSOR FOR SELECT 1 FROM ${from} WHERE ${column} = 'x'`,
  (from, column) => `EXPLAIN SELECT 1 FROM ${from} WHERE ${column} = 'x'`,
  (from, column) => `PREPARE p AS SELECT 1 FROM ${from} WHERE ${column} = $1`,
  (from, column) => `COPY (SELECT 1 FROM ${from} WHERE ${column} = 'x') TO STDOUT`,
]

const chain = fc.record({
  root: fc.nat({ max: ROOTS('').length - 1 }),
  leads: fc.array(fc.constantFrom(...Object.keys(LEADS)), { maxLength: 4 }),
})

interface Chain {
  readonly root: number
  readonly leads: readonly string[]
}

function follow({ root, leads }: Chain, column: string): Source {
  return leads.reduce((source, lead, n) => LEADS[lead](source, n), ROOTS(column)[root])
}

/** The statement in `use` with the common tables in it, where the form of the statement lets them stand in front. */
function statement(
  { common, from, reference }: Source,
  use: (from: string, reference: string) => string,
): string {
  const written = use(from, reference)
  if (common.length === 0) return written
  const at =
    /^(CREATE (?:TABLE|VIEW) \w+ AS |DECLARE \w+ CURSOR FOR |EXPLAIN |PREPARE \w+ AS |COPY \()?/.exec(
      written,
    )?.[0].length ?? 0
  return `${written.slice(0, at)}WITH RECURSIVE ${common.join(', ')} ${written.slice(at)}`
}

test('a protected column is refused in every place, whatever it has been led through', () => {
  fc.assert(
    fc.property(chain, fc.constantFrom(...USES), (steps, use) => {
      const sql = statement(follow(steps, 'email'), use)
      assert.match(verdict(sql, catalog), /^refused: (?!SQL that)/, sql)
    }),
    { numRuns: 3000 },
  )
})

test('an ordinary column of the same table is not', () => {
  fc.assert(
    fc.property(chain, fc.constantFrom(...USES), (steps, use) => {
      const sql = statement(follow(steps, 'nick'), use)
      assert.doesNotMatch(verdict(sql, catalog), /^refused/, sql)
    }),
    { numRuns: 3000 },
  )
})

test('a protected column that only comes out is known in the answer', () => {
  fc.assert(
    fc.property(chain, (steps) => {
      const source = follow(steps, 'email')
      const sql = statement(
        source,
        (from, column) =>
          `SELECT 1, ${column}, count(*) OVER () FROM ${from} WHERE ${column} IS NOT NULL`,
      )
      assert.equal(verdict(sql, catalog), '(other email other)', sql)
    }),
    { numRuns: 1000 },
  )
})
