/**
 * The statements that simulated clients send, and what a database does with each. A protected column is one of text to a
 * client that speaks to its database directly, and one of bytea behind acra-server.
 */
import type { FieldParts } from '../../../../wire/postgres/testing/index.ts'

/** What a literal or a parameter says in the place of a protected value begins so. Nothing else does. */
export const CANARY = 'CANARY'
/** What a database gets in the place of a refused statement. */
export const REFUSED_TEXT = 'statement refused by acra-server'

const INT = 23
const TEXT = 25

/** A column of the table of users. */
export type Column = 'id' | 'email' | 'note'

export type Effect =
  | { readonly kind: 'rows'; readonly columns: readonly Column[] }
  | { readonly kind: 'insert'; readonly literals: readonly string[] }
  | { readonly kind: 'update' | 'delete' | 'empty' | 'notify' | 'set' | 'fails' }
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'copy-in' | 'copy-out' }
  | { readonly kind: 'forget'; readonly tag: 'DISCARD ALL' | 'DEALLOCATE ALL' }
  | { readonly kind: 'declare' | 'fetch' | 'close-cursor' }

export interface Parameter {
  readonly oid: number
  readonly isProtected: boolean
}

/** One statement of a text, understood. */
export interface Meaning {
  readonly effect: Effect
  readonly parameters: readonly Parameter[]
}

/** What a text fails with before it is run. */
export interface TextError {
  readonly sqlState: string
  readonly message: string
}

const number: Parameter = { oid: INT, isProtected: false }
const note: Parameter = { oid: TEXT, isProtected: false }
const email: Parameter = { oid: TEXT, isProtected: true }

function plain(effect: Effect, ...parameters: readonly Parameter[]): Meaning {
  return { effect, parameters }
}

const rows = (...columns: readonly Column[]): Effect => ({ kind: 'rows', columns })

const meanings: Readonly<Record<string, Meaning>> = {
  '': plain({ kind: 'empty' }),
  'SELECT id, note FROM users': plain(rows('id', 'note')),
  'SELECT id, email FROM users': plain(rows('id', 'email')),
  'SELECT note, email, id FROM users WHERE id > $1': plain(rows('note', 'email', 'id'), number),
  'SELECT id, note FROM users WHERE note = $1': plain(rows('id', 'note'), note),
  'INSERT INTO users (id, email, note) VALUES ($1, $2, $3)': plain(
    { kind: 'insert', literals: [] },
    number,
    email,
    note,
  ),
  'UPDATE users SET email = $1 WHERE id = $2': plain({ kind: 'update' }, email, number),
  'UPDATE users SET note = $1 WHERE id = $2': plain({ kind: 'update' }, note, number),
  'DELETE FROM users': plain({ kind: 'delete' }),
  'SELECT 1 / 0': plain({ kind: 'fails' }),
  'NOTIFY news': plain({ kind: 'notify' }),
  "SET application_name TO 'simulated'": plain({ kind: 'set' }),
  BEGIN: plain({ kind: 'begin' }),
  COMMIT: plain({ kind: 'commit' }),
  ROLLBACK: plain({ kind: 'rollback' }),
  'COPY notes FROM STDIN': plain({ kind: 'copy-in' }),
  'COPY notes TO STDOUT': plain({ kind: 'copy-out' }),
  'DISCARD ALL': plain({ kind: 'forget', tag: 'DISCARD ALL' }),
  'DEALLOCATE ALL': plain({ kind: 'forget', tag: 'DEALLOCATE ALL' }),
  'DECLARE c CURSOR FOR SELECT id, email FROM users': plain({ kind: 'declare' }),
  'FETCH 2 FROM c': plain({ kind: 'fetch' }),
  'CLOSE c': plain({ kind: 'close-cursor' }),
}

/** Texts that a client may send by themselves. */
export const texts: readonly string[] = Object.keys(meanings)

/** Texts that fail in any database. */
export const wrongTexts: readonly string[] = ['SELECT id FROM nowhere', 'SELEC 1']

/** Texts that acra-server refuses, with a value in the clear where they are not prepared. */
export const refusedTexts: readonly string[] = [
  'UPDATE users SET note = $2 WHERE email = $1',
  `INSERT INTO users (id, email) SELECT id, note || '${CANARY}-literal' FROM users`,
  'COPY users (id, email) FROM STDIN',
]

/** An INSERT with its values as literals. */
export function insertText(id: number, address: string, remark: string): string {
  return `INSERT INTO users (id, email, note) VALUES (${id}, '${address}', '${remark}')`
}

const insertPattern =
  /^INSERT INTO users \(id, email, note\) VALUES \((\d+), +(E?)'([^']*)', '([^']*)'\)$/

/** What the statements of a text say. A text with one that is wrong is wrong as a whole. */
export function readText(text: string): readonly Meaning[] | TextError {
  const statements = text.split(';').map((part) => part.trim())
  const read: Meaning[] = []
  for (const statement of statements) {
    const meaning = readStatement(statement)
    if ('sqlState' in meaning) return meaning
    read.push(meaning)
  }
  return read
}

function readStatement(text: string): Meaning | TextError {
  if (Object.hasOwn(meanings, text)) return meanings[text]!
  const insert = insertPattern.exec(text)
  if (insert !== null) {
    const [, id, prefix, address, remark] = insert
    const content = prefix === 'E' ? address!.replaceAll('\\\\', '\\') : address!
    return plain({ kind: 'insert', literals: [id!, content, remark!] })
  }
  if (refusedTexts.includes(text) || text === REFUSED_TEXT) {
    return { sqlState: '42601', message: REFUSED_TEXT }
  }
  if (text === 'SELECT id FROM nowhere') return { sqlState: '42P01', message: 'no such relation' }
  return { sqlState: '42601', message: 'syntax error' }
}

/** A field of an answer, as the database announces it where its protected columns have the type `emailOid`. */
export function fieldOf(column: Column, emailOid: number, format: number): FieldParts {
  const typeOid = column === 'id' ? INT : column === 'email' ? emailOid : TEXT
  return { name: column, typeOid, typeSize: column === 'id' ? 4 : -1, format }
}
