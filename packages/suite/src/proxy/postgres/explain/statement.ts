/*
 * `EXPLAIN PROTECTION statement`: the database gets a query of constants in its place, whose rows are the lines of the explanation. So the
 * answer, the state of the transaction and the pipeline are the database's own.
 */

/** The words have to stand this early: so much is looked at. */
const HEAD_SIZE_MAX = 4096
const BLANK = String.raw`(?:[ \t\n\r\f\v]|--[^\r\n]*[\r\n]|/\*(?:[^*]|\*(?!/))*\*/)`
const HEAD = new RegExp(
  `^${BLANK}*explain${BLANK}+protection(?![A-Za-z0-9_$\\x80-\\xff])[ \\t\\n\\r\\f\\v]*`,
  'i',
)
const BEGINNINGS: ReadonlySet<number> = new Set(Buffer.from('eE \t\n\r\f\v-/'))
const X = 0x58

/** The statement that `text` asks to have explained; null where it asks for nothing of the kind. */
export function askedFor(text: Buffer): Buffer | null {
  const [first, second] = text
  if (first === undefined || !BEGINNINGS.has(first)) return null
  const isWord = first === 0x65 || first === 0x45
  if (isWord && (second! & 0xdf) !== X) return null
  const match = HEAD.exec(text.toString('latin1', 0, HEAD_SIZE_MAX))
  return match && text.subarray(match[0].length)
}

/** A query that answers these lines, one to a row. It is ASCII throughout: what the database makes of it depends on no setting. */
export function queryOf(lines: readonly string[]): Buffer {
  const rows = lines.map((line, index) => `(${index + 1},${literal(line)})`)
  return Buffer.from(
    `SELECT line AS "QUERY PROTECTION" FROM (VALUES ${rows.join(',')}) AS explanation (number, line) ORDER BY number`,
  )
}

/** `E'...'` means the same whichever way the session reads backslashes. */
function literal(line: string): string {
  const escaped = line.replace(/[^ -~]|['\\]/gu, (character) => {
    if (character === "'" || character === '\\') return character.repeat(2)
    const code = character.codePointAt(0)!
    return `\\U${code.toString(16).padStart(8, '0')}`
  })
  return `E'${escaped}'`
}
