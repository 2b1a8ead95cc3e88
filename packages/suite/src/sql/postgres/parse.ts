/**
 * The PostgreSQL parser: libpg-query, the grammar of PostgreSQL 18 compiled to WebAssembly.
 *
 * Loading an instance takes some 20 ms and is asynchronous; parsing is synchronous. An instance that fails in any way but by a syntax
 * error (its stack overflows on `1+1+1...`) may be broken for good: it is dropped, a spare takes its place, and a new spare is made.
 */
import instantiate, { type PgQueryModule } from 'libpg-query/wasm/libpg-query.js'
import { AcraError } from '../../foundation/index.ts'
import type { Shape } from '../shape.ts'
import { type BudgetLimits, SqlLimitError } from './budget.ts'
import { extentOf } from './nesting.ts'
import type { Tree } from './tree.ts'

/** The text is not SQL of PostgreSQL 18. */
export class SqlSyntaxError extends AcraError {
  /** The byte where the parser stopped; null where it does not say it. */
  readonly position: number | null
  /** What it says, with a part of the text: not for logs. Bytes, one in each character; empty where it says nothing. */
  readonly complaint: string

  constructor(position: number | null, complaint = '') {
    super('sql-syntax', 'the text is not valid sql')
    this.position = position
    this.complaint = complaint
  }
}

export interface ParserLimits extends BudgetLimits {
  /** Longest text in bytes. */
  readonly textSizeMax: number
  /** Deepest nesting of brackets and operators. The parser's stack holds 1,500 nested queries and 5,000 operators in a row. */
  readonly nestingMax: number
  /** Words, signs and literals, each as often as the tree has it. */
  readonly nodesMax: number
}

export const PARSER_LIMITS: ParserLimits = {
  textSizeMax: 16 * 1024 * 1024,
  nestingMax: 1000,
  nodesMax: 2_000_000,
  columnsMax: 100_000,
  stepsMax: 1_000_000,
}

/** An instance whose memory has grown beyond this is replaced: WebAssembly memory never shrinks. */
const MEMORY_SIZE_MAX = 512 * 1024 * 1024

const SPARES = 2

/** Loads the parser; once per process, at start. */
export async function loadParser(limits: ParserLimits = PARSER_LIMITS): Promise<Parser> {
  const instances: PgQueryModule[] = []
  for (let index = 0; index <= SPARES; index++) instances.push(await newInstance())
  return new Parser({ instances, loading: Promise.resolve() }, limits)
}

/** The instances of a process, the first of which is in use, and those that are being made. */
interface Pool {
  readonly instances: PgQueryModule[]
  loading: Promise<void>
}

export class Parser {
  readonly limits: ParserLimits
  readonly #pool: Pool

  /** Use `loadParser`. */
  constructor(pool: Pool, limits: ParserLimits) {
    this.#pool = pool
    this.limits = limits
  }

  /** Resolves when the spares that are being made are there. */
  get ready(): Promise<void> {
    return this.#pool.loading
  }

  /** The same instances under other limits. */
  within(limits: Partial<ParserLimits>): Parser {
    return new Parser(this.#pool, { ...this.limits, ...limits })
  }

  /**
   * The statements of `text`, of the given shape, as PostgreSQL's raw parser sees them. Locations are bytes of `text`, whatever its
   * encoding.
   * @throws SqlSyntaxError
   * @throws SqlLimitError
   */
  parse(text: Uint8Array, shape: Shape): Tree {
    if (text.length > this.limits.textSizeMax)
      throw new SqlLimitError('sql-too-long', 'the sql text is too long')
    if (text.includes(0)) throw new SqlSyntaxError(null)
    checkExtent(shape.key, this.limits)
    return this.#with((instance) => parseWith(instance, text))
  }

  /**
   * The body, of the given shape, of the one statement in `text`, which `parse` has taken before: CREATE FUNCTION in PL/pgSQL, or DO.
   * @throws SqlSyntaxError
   * @throws SqlLimitError
   */
  parsePlpgsql(text: Uint8Array, body: Shape): unknown {
    checkExtent(body.key, this.limits)
    return this.#with((instance) => parsePlpgsqlWith(instance, text))
  }

  #with<T>(work: (instance: PgQueryModule) => T): T {
    const instance = this.#pool.instances[0]
    if (instance === undefined)
      throw new SqlLimitError('sql-parser-restarting', 'the sql parser is restarting')
    try {
      const tree = work(instance)
      if (instance.HEAPU8.length > MEMORY_SIZE_MAX) this.#replaceFirst()
      return tree
    } catch (error) {
      if (error instanceof SqlSyntaxError) throw error
      this.#replaceFirst()
      const message = 'the sql text is more than the parser can hold'
      throw new SqlLimitError('sql-broke-parser', message, undefined, { cause: error })
    }
  }

  #replaceFirst(): void {
    const pool = this.#pool
    pool.instances.shift()
    // One after the other: a burst of bad texts must not make a burst of instances.
    pool.loading = pool.loading.then(async () => {
      pool.instances.push(await newInstance())
    })
  }
}

function checkExtent(key: string, { nestingMax, nodesMax }: ParserLimits): void {
  const { depth, nodes } = extentOf(key, nestingMax, nodesMax)
  if (depth > nestingMax)
    throw new SqlLimitError('sql-too-deep', 'the sql text is nested too deeply')
  if (nodes > nodesMax)
    throw new SqlLimitError(
      'sql-too-many-parts',
      'the sql text has too many words, signs and values',
      'Split the statement, use COPY or arrays as parameters, or raise --statement_nodes_max.',
    )
}

function newInstance(): Promise<PgQueryModule> {
  return instantiate({ print: () => {}, printErr: () => {} })
}

/** Copies the bytes in as they are: no conversion, so every byte keeps its offset. */
function parseWith(instance: PgQueryModule, text: Uint8Array): Tree {
  const pointer = instance._malloc(text.length + 1)
  instance.HEAPU8.set(text, pointer)
  instance.HEAPU8[pointer + text.length] = 0
  let result = 0
  try {
    result = instance._wasm_parse_query_raw(pointer)
    if (result === 0) throw new RangeError('out of memory')
    const [tree, , error] = instance.HEAPU32.subarray(result / 4, result / 4 + 3)
    if (error !== 0) throw syntaxError(instance, error, text)
    return JSON.parse(stringAt(instance, tree)) as Tree
  } finally {
    instance._free(pointer)
    if (result !== 0) instance._wasm_free_parse_result(result)
  }
}

/** What the parser has to say, and where: it counts characters from 1, as in UTF-8 whatever the text is. */
function syntaxError(instance: PgQueryModule, error: number, text: Uint8Array): SqlSyntaxError {
  const words = instance.HEAPU32.subarray(error / 4, error / 4 + 5)
  const message = bytesAt(instance, words[0])
  const long = message.length > COMPLAINT_SIZE_MAX
  const said = message.toString('latin1', 0, long ? COMPLAINT_SIZE_MAX : message.length)
  const complaint = long ? said.replace(/ at or near .*/s, '') : said
  return new SqlSyntaxError(byteOf(text, words[4]), complaint)
}

const COMPLAINT_SIZE_MAX = 4096

/** Where a character stands, counted from 1; null where it is none of the text. */
function byteOf(text: Uint8Array, character: number): number | null {
  if (character === 0) return null
  let at = 0
  for (let count = 1; count < character && at < text.length; count++) at += characterSize(text[at])
  return Math.min(at, text.length)
}

function characterSize(first: number): number {
  if ((first & 0xe0) === 0xc0) return 2
  if ((first & 0xf0) === 0xe0) return 3
  return (first & 0xf8) === 0xf0 ? 4 : 1
}

function parsePlpgsqlWith(instance: PgQueryModule, text: Uint8Array): unknown {
  const pointer = instance._malloc(text.length + 1)
  instance.HEAPU8.set(text, pointer)
  instance.HEAPU8[pointer + text.length] = 0
  let result = 0
  try {
    result = instance._wasm_parse_plpgsql(pointer)
    if (result === 0) throw new RangeError('out of memory')
    const answer = stringAt(instance, result)
    if (!answer.startsWith('{'))
      throw new SqlSyntaxError(null, Buffer.from(answer).toString('latin1'))
    return JSON.parse(answer)
  } finally {
    instance._free(pointer)
    if (result !== 0) instance._wasm_free_string(result)
  }
}

function stringAt(instance: PgQueryModule, pointer: number): string {
  return bytesAt(instance, pointer).toString('utf8')
}

/** A view of the bytes before the next zero. */
function bytesAt({ HEAPU8: heap }: PgQueryModule, pointer: number): Buffer {
  return Buffer.from(heap.buffer, pointer, heap.indexOf(0, pointer) - pointer)
}
