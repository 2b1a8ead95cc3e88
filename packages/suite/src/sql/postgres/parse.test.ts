import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SqlLimitError } from './budget.ts'
import { shapeOf } from './lex.ts'
import { extentOf } from './nesting.ts'
import { loadParser, PARSER_LIMITS, type Parser, SqlSyntaxError } from './parse.ts'

const parser = await loadParser()
/** One that lets everything through to the parser itself. */
const reckless = await loadParser({
  ...PARSER_LIMITS,
  textSizeMax: 2 ** 30,
  nestingMax: Number.POSITIVE_INFINITY,
})

function parse(text: string | Buffer, by: Parser = parser) {
  const bytes = Buffer.from(text)
  return by.parse(bytes, shapeOf(bytes))
}

test('statements come with their places in bytes, whatever the encoding', () => {
  const tree = parse(
    Buffer.concat([Buffer.from("SELECT '"), Buffer.of(0xe9, 0xff), Buffer.from("'; SELECT 22")]),
  )
  assert.deepEqual(
    tree.stmts?.map((raw) => [raw.stmt_location ?? 0, raw.stmt_len ?? 0]),
    [
      [0, 11],
      [13, 0],
    ],
  )
  assert.match(JSON.stringify(tree.stmts?.[1]), /"location":20/)
})

test('a text without a statement is no statements', () => {
  assert.equal(parse('').stmts?.length ?? 0, 0)
  assert.equal(parse(' ;; -- nothing').stmts?.length ?? 0, 0)
})

test('a syntax error tells where it is and nothing of the text', () => {
  assert.throws(
    () => parse("SELECT 'secret' FORM t WHERE"),
    (error) =>
      error instanceof SqlSyntaxError && error.position === 21 && !error.message.includes('secret'),
  )
  for (const [text, position, complaint] of [
    ["SELECT 'é😀' FORM t WHERE", 21, 'syntax error at or near "t"'],
    ["SELECT 1; SELECT 'abc", 17, 'unterminated quoted string at or near "\'abc"'],
    [`SELECT '${'x'.repeat(5000)}`, 7, 'unterminated quoted string'],
  ] as const) {
    assert.throws(() => parse(text), { position, complaint })
  }
})

test('a NUL is refused: the parser would not see what is behind it', () => {
  assert.throws(() => parse("SELECT 1\0; INSERT INTO users VALUES ('x')"), SqlSyntaxError)
})

test('a text over the limit of size is refused before it is parsed', () => {
  const small = Buffer.alloc(PARSER_LIMITS.textSizeMax + 1, 0x20)
  assert.throws(() => parser.parse(small, shapeOf(small)), SqlLimitError)
})

test('a literal of 10 MB is parsed', () => {
  assert.equal(parse(`SELECT '${'x'.repeat(10_000_000)}'`).stmts?.length, 1)
})

const POISON: Record<string, string> = {
  sums: `SELECT 1${'+1'.repeat(20_000)}`,
  brackets: `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
  queries: `SELECT ${'(SELECT '.repeat(5_000)}1${')'.repeat(5_000)}`,
  negations: `SELECT ${'NOT '.repeat(20_000)}true`,
  unions: `SELECT 1${' UNION ALL SELECT 1'.repeat(20_000)}`,
  joins: `SELECT 1 FROM a${' JOIN a ON true'.repeat(20_000)}`,
  casts: `SELECT 1${'::int'.repeat(20_000)}`,
  comments: `SELECT 1 ${'/*'.repeat(20_000)}`,
}

for (const [name, text] of Object.entries(POISON)) {
  test(`too deep a text of ${name} is refused before it is parsed`, () => {
    assert.throws(() => parse(text), { code: 'sql-too-deep' })
  })
}

test('what breaks an instance is refused, and others go on by a spare', async () => {
  for (let round = 0; round < 8; round++) {
    for (const text of [POISON.sums, POISON.casts]) {
      assert.throws(() => parse(text, reckless), SqlLimitError)
      assert.equal(parse('SELECT 1', reckless).stmts?.length, 1)
    }
    await reckless.ready
  }
})

test('when all spares are broken at once, statements are refused until there is one', async () => {
  for (let index = 0; index < 10; index++)
    assert.throws(() => parse(POISON.sums, reckless), SqlLimitError)
  assert.throws(() => parse('SELECT 1', reckless), { code: 'sql-parser-restarting' })
  await reckless.ready
  assert.equal(parse('SELECT 1', reckless).stmts?.length, 1)
})

function extent(text: string, depthMax = 1e9, nodesMax = 1e9) {
  return extentOf(shapeOf(Buffer.from(text)).key, depthMax, nodesMax)
}

/** How many nodes of some kind a tree has. */
function countIn(part: unknown, kind: string): number {
  if (typeof part !== 'object' || part === null) return 0
  const inner = Object.values(part).reduce((sum: number, value) => sum + countIn(value, kind), 0)
  return inner + (kind in part ? 1 : 0)
}

/** Statements whose tree has parts of the text several times. */
const COPIED: readonly string[] = [
  "UPDATE t SET (a, b, c) = ('x', 'y', 'z')",
  "UPDATE t SET (a, b, c) = (SELECT 'x', 'y', 'z' FROM u WHERE v = 'w') WHERE d IN ('1', '2', '3')",
  "UPDATE t SET d = 'q', (a, b) = ROW ('x', 'y')::r, e = 'p'",
  "UPDATE t SET /* ( */ (a , \"b)\", c) /**/ = f('x' || 'y') RETURNING 'z'",
  "UPDATE t SET (a, b) = ('x' IS DISTINCT FROM 'y', f('a', 'b', 'c')) FROM v",
  "INSERT INTO t VALUES ('1') ON CONFLICT (a) DO UPDATE SET (a, b, c) = ('x', 'y', 'z')",
  "MERGE INTO t USING u ON a = 'x' WHEN MATCHED THEN UPDATE SET (a, b, c) = (SELECT 'y', 'z', 'w')",
  "UPDATE t SET (a, b) = (WITH w AS (UPDATE t SET (c, d) = (SELECT 'x', 'y') RETURNING 'z') SELECT 'a')",
  "SELECT 'a' FROM t WHERE (a, b) = ('x', 'y') AND ('a', 'b', 'c') IN (('x', 'y', 'z'))",
]

for (const text of COPIED) {
  test(`no node of the tree is left out of the estimate: ${text}`, () => {
    const constants = countIn(parse(text), 'A_Const')
    const references = countIn(parse(text), 'ColumnRef')
    assert.ok(extent(text).nodes >= constants + references, `${constants} and ${references}`)
  })
}

test('what SET has several times is counted before it is parsed, and refused', () => {
  const list = Array.from({ length: 1500 }, (_, n) => `c${n}`).join(', ')
  const text = `UPDATE t SET (${list}) = (SELECT ${list} FROM u)`
  assert.ok(extent(text).nodes > 4_000_000)
  assert.throws(() => parse(text), { code: 'sql-too-many-parts' })
  let nested = 'SELECT 1, 2'
  for (let level = 0; level < 25; level++)
    nested = `WITH w AS (UPDATE t SET (a, b) = (${nested}) RETURNING 1) SELECT 1, 2`
  assert.throws(() => parse(nested), { code: 'sql-too-many-parts' })
})

test('a million statements are refused before they are parsed', () => {
  assert.throws(() => parse('SELECT 1;'.repeat(1_000_000)), { code: 'sql-too-many-parts' })
})

test('brackets and quotes in comments and names count for nothing', () => {
  const text = 'SELECT "((((" /* (((( */ FROM t -- ((((((\nWHERE a = 1'
  assert.equal(extent(text).depth, 1)
})

test('long lists and conditions are not deep', () => {
  const list = `SELECT 1 FROM t WHERE a IN (${'1,'.repeat(50_000)}1) AND ${'a = 1 OR '.repeat(20_000)} b`
  assert.ok(extent(list).depth < 10)
  assert.equal(parse(list).stmts?.length, 1)
})

test('memory is given back after each parse, good or bad', () => {
  const rows = `INSERT INTO t VALUES ${Array.from({ length: 1000 }, (_, n) => `(${n}, 'some text')`).join(',')}`
  const before = process.memoryUsage().rss
  for (let round = 0; round < 300; round++) {
    parse(rows)
    assert.throws(() => parse(`${rows},`), SqlSyntaxError)
  }
  assert.ok(process.memoryUsage().rss - before < 200e6)
})
