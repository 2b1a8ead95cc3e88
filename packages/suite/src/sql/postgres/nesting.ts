/** What makes the tree one deeper, to the left or to the right, besides brackets and operators. */
const DEEPER = new Set([
  'not',
  'is',
  'in',
  'like',
  'case',
  'union',
  'intersect',
  'except',
  'join',
  'collate',
])
/** What the grammar makes flat lists of: the chain before it does not go on. */
const FLAT = new Set(['and', 'or'])
const LONGEST_WORD = 9

/**
 * An upper estimate of how deep the parse tree of a text is, by its shape's key: brackets, and the operators that stand in a row
 * without a comma, AND or OR between them. Cheap, and never too low by more than a few: the parser's stack has room for that.
 */
export function nestingOf(key: string): number {
  const outer: number[] = []
  let deepest = 0
  let depth = 0
  let chain = 0
  let comments = 0
  for (let at = 0; at < key.length; at++) {
    const kind = KIND[key.charCodeAt(at)]
    if (kind === LETTER) {
      const end = endOfWord(key, at)
      if (end - at <= LONGEST_WORD) {
        const word = key.slice(at, end).toLowerCase()
        if (DEEPER.has(word)) chain++
        else if (FLAT.has(word)) chain = 0
      }
      at = end - 1
    } else if (kind === OPERATOR) {
      if (KIND[key.charCodeAt(at - 1)] !== OPERATOR) {
        chain++
        comments = 0
      } else if (key[at] === '*' && key[at - 1] === '/') {
        // The scanner of PostgreSQL reads the rest of such a run again at each beginning of a comment.
        comments++
        if (comments > deepest) deepest = comments
      }
    } else if (kind === OPEN) {
      outer.push(chain)
      depth += chain + 1
      chain = 0
    } else if (kind === CLOSE) {
      chain = outer.pop() ?? 0
      depth -= chain + 1
    } else if (kind === COMMA) chain = 0
    if (depth + chain > deepest) deepest = depth + chain
  }
  return deepest
}

const LETTER = 1
const OPERATOR = 2
const OPEN = 3
const CLOSE = 4
const COMMA = 5

const KIND = new Uint8Array(256)
KIND.fill(LETTER, 0x41, 0x5b)
KIND.fill(LETTER, 0x61, 0x7b)
KIND[0x5f] = LETTER
for (const operator of '+-*/<>=~!@#%^&|`?:') KIND[operator.charCodeAt(0)] = OPERATOR
for (const open of '([') KIND[open.charCodeAt(0)] = OPEN
for (const close of ')]') KIND[close.charCodeAt(0)] = CLOSE
for (const comma of ',;') KIND[comma.charCodeAt(0)] = COMMA

function endOfWord(key: string, start: number): number {
  let at = start + 1
  while (KIND[key.charCodeAt(at)] === LETTER) at++
  return at
}
