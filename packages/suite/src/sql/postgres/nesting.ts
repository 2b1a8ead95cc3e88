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
/** What ends a value of SET. */
const AFTER_SET = new Set(['where', 'returning'])
const LONGEST_WORD = 9

/** How large the parse tree of a text is, by an upper estimate. */
export interface Extent {
  readonly depth: number
  /** Words, signs and literals, each as often as the tree has it. */
  readonly nodes: number
}

/** What is open in a text: its beginning, or a bracket. */
interface Level {
  /** Operators in a row. */
  chain: number
  nodes: number
  commas: number
  /** True where it may be the list of `SET (a, b) = ...`. */
  readonly isTargets: boolean
  /** How often the tree has what stands behind `copiedFrom` nodes of this level. */
  copies: number
  copiedFrom: number
}

/**
 * An upper estimate of the parse tree of a text, by its shape's key. Its depth: brackets, and the operators that stand in a row without a
 * comma, AND or OR between them. Its nodes: of `SET (a, b) = value` the tree has the value twice. Cheap, and never too low by more than a few: the
 * parser's stack has room for that. Ends early where one of the limits is passed.
 */
export function extentOf(key: string, depthMax: number, nodesMax: number): Extent {
  const outer: Level[] = []
  let level = levelOf(false)
  let deepest = 0
  let depth = 0
  let comments = 0
  let total = 0
  /** The columns of the list of SET that has just been closed; 0 where none has. */
  let targets = 0
  /** True behind SET and a comma. */
  let isBeforeTargets = false
  for (let at = 0; at < key.length; at++) {
    const kind = KIND[key.charCodeAt(at)]
    if (kind === NOTHING) continue
    if (kind === OPERATOR && KIND[key.charCodeAt(at - 1)] !== OPERATOR) comments = 0
    if (kind === OPERATOR && isComment(key, at)) {
      const end = endOfComment(key, at)
      // The scanner of PostgreSQL reads the rest of a run of such signs again at each beginning of a comment.
      comments = runOfComments(key, at, end, comments)
      if (comments > deepest) deepest = comments
      if (deepest > depthMax) break
      at = end - 1
      continue
    }
    const closed = targets
    const isAfterSet = isBeforeTargets
    targets = 0
    isBeforeTargets = false
    level.nodes++
    total++
    if (kind === LETTER) {
      const end = endOfWord(key, at)
      if (end - at <= LONGEST_WORD) {
        const word = key.slice(at, end).toLowerCase()
        if (DEEPER.has(word)) level.chain++
        else if (FLAT.has(word)) level.chain = 0
        else if (word === 'set') isBeforeTargets = true
        else if (AFTER_SET.has(word)) endCopies(level)
      }
      at = end - 1
    } else if (kind === DIGIT) {
      while (KIND[key.charCodeAt(at + 1)] === DIGIT) at++
    } else if (kind === QUOTE) {
      at = endOfQuotes(key, at) - 1
    } else if (kind === OPERATOR) {
      level.chain++
      const start = at
      while (KIND[key.charCodeAt(at + 1)] === OPERATOR && !isComment(key, at + 1)) at++
      if (closed > 1 && at === start && key[at] === '=') {
        level.copies = closed
        level.copiedFrom = level.nodes
      }
    } else if (kind === OPEN) {
      outer.push(level)
      depth += level.chain + 1
      level = levelOf(isAfterSet)
    } else if (kind === CLOSE) {
      endCopies(level)
      const inner = level
      level = outer.pop() ?? levelOf(false)
      level.nodes += inner.nodes
      depth -= level.chain + 1
      if (inner.isTargets) targets = inner.commas + 1
    } else {
      endCopies(level)
      level.chain = 0
      level.commas++
      isBeforeTargets = true
    }
    if (depth + level.chain > deepest) deepest = depth + level.chain
    if (deepest > depthMax || level.nodes > nodesMax || total > nodesMax) break
  }
  let nodes = total
  for (const open of [level, ...outer]) {
    endCopies(open)
    nodes = Math.max(nodes, open.nodes)
  }
  return { depth: deepest, nodes }
}

function levelOf(isTargets: boolean): Level {
  return { chain: 0, nodes: 0, commas: 0, isTargets, copies: 1, copiedFrom: 0 }
}

/** The value of a list of SET ends. */
function endCopies(level: Level): void {
  level.nodes = level.copiedFrom + (level.nodes - level.copiedFrom) * level.copies
  level.copies = 1
  level.copiedFrom = 0
}

const ASTERISK = 0x2a
const MINUS = 0x2d
const SLASH = 0x2f

const NOTHING = 0
const LETTER = 1
const OPERATOR = 2
const OPEN = 3
const CLOSE = 4
const COMMA = 5
const DIGIT = 6
const QUOTE = 7

const KIND = new Uint8Array(256)
KIND.fill(LETTER, 0x41, 0x5b)
KIND.fill(LETTER, 0x61, 0x7b)
KIND.fill(LETTER, 0x80)
KIND[0x5f] = LETTER
KIND.fill(DIGIT, 0x30, 0x3a)
for (const operator of '+-*/<>=~!@#%^&|`?:') KIND[operator.charCodeAt(0)] = OPERATOR
for (const open of '([') KIND[open.charCodeAt(0)] = OPEN
for (const close of ')]') KIND[close.charCodeAt(0)] = CLOSE
for (const comma of ',;') KIND[comma.charCodeAt(0)] = COMMA
for (const quote of '\'"') KIND[quote.charCodeAt(0)] = QUOTE

function endOfWord(key: string, start: number): number {
  let at = start + 1
  while (KIND[key.charCodeAt(at)] === LETTER) at++
  return at
}

/** Past a name in quotes, or the place of a literal. */
function endOfQuotes(key: string, start: number): number {
  const close = key.indexOf(key[start], start + 1)
  return close === -1 ? key.length : close + 1
}

function isComment(key: string, at: number): boolean {
  const first = key.charCodeAt(at)
  const second = key.charCodeAt(at + 1)
  return (first === MINUS && second === MINUS) || (first === SLASH && second === ASTERISK)
}

function endOfComment(key: string, start: number): number {
  if (key[start] === '-') {
    const end = /[\r\n]/g
    end.lastIndex = start
    return end.exec(key)?.index ?? key.length
  }
  let depth = 1
  for (let at = start + 2; at < key.length; at++) {
    if (key[at] === '/' && key[at + 1] === '*') depth++
    else if (key[at] === '*' && key[at + 1] === '/') depth--
    else continue
    at++
    if (depth === 0) return at + 1
  }
  return key.length
}

/** How many comments begin or end in the run of operator signs that goes on at the end of a comment, `before` of them before it. */
function runOfComments(key: string, start: number, end: number, before: number): number {
  let count = before
  for (let at = start + 1; at < end; at++) {
    if (KIND[key.charCodeAt(at)] !== OPERATOR) count = 0
    else if (key[at] === '*' && key[at - 1] === '/') count++
  }
  return count
}
