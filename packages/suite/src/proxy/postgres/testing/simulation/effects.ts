import {
  commandComplete,
  copyData,
  dataRow,
  frame,
  int16,
  int32,
  parameterStatus,
  string,
} from '../../../../wire/postgres/testing/index.ts'
import { Failure } from './failure.ts'
import type { Portal, Session } from './session.ts'
import { formatAt } from './tables.ts'

const COPY_FORMAT = Buffer.concat([Buffer.of(0), int16(1), int16(0)])

/** Carries a statement out and answers; `count` is the number of rows at most, 0 for all. Throws Failure. */
export function run(session: Session, portal: Portal, count: number): void {
  const tag = isQuery(portal) ? sendRows(session, portal, count) : carryOut(session, portal)
  if (tag !== null) session.answer(commandComplete(tag))
}

function isQuery({ meaning }: Portal): boolean {
  return meaning.effect.kind === 'rows' || meaning.effect.kind === 'fetch'
}

/** The tag of the command; null where the answer ends otherwise. */
function carryOut(session: Session, portal: Portal): string | null {
  const { tables } = session
  const { effect } = portal.meaning
  if (portal.isDone) throw new Failure('55000', 'portal cannot be run')
  portal.isDone = true
  switch (effect.kind) {
    case 'insert':
      tables.insert(portal.values, effect.literals)
      return 'INSERT 0 1'
    case 'update':
      tables.update(portal.meaning, portal.values)
      return 'UPDATE 1'
    case 'delete':
      tables.delete()
      return 'DELETE 1'
    case 'fails':
      throw new Failure('22012', 'division by zero')
    case 'notify':
      session.answer(frame('N', string('SNOTICE'), Buffer.of(0)))
      session.answer(frame('A', int32(7), string('news'), string('')))
      return 'NOTIFY'
    case 'set':
      session.answer(parameterStatus('application_name', 'simulated'))
      return 'SET'
    case 'begin':
      if (session.status === 'I') session.status = 'T'
      return 'BEGIN'
    case 'commit':
    case 'rollback':
      session.endTransaction()
      return effect.kind === 'commit' ? 'COMMIT' : 'ROLLBACK'
    case 'forget':
      return forget(session, effect.tag)
    case 'declare':
      if (session.status === 'I') throw new Failure('25P01', 'no transaction')
      tables.cursor = tables.users
      return 'DECLARE CURSOR'
    case 'close-cursor':
      if (tables.cursor === null) throw new Failure('34000', 'no such cursor')
      tables.cursor = null
      return 'CLOSE CURSOR'
    case 'copy-out':
      session.answer(frame('H', COPY_FORMAT))
      for (const line of tables.notes) session.answer(copyData(`${line}\n`))
      session.answer(frame('c'))
      return `COPY ${tables.notes.length}`
    case 'copy-in':
      session.copy = { isExtended: session.isExtended, count: 0 }
      session.answer(frame('G', COPY_FORMAT))
      session.flush()
      return null
    default:
      throw new TypeError('an effect that is none of these')
  }
}

function forget(session: Session, tag: 'DISCARD ALL' | 'DEALLOCATE ALL'): string {
  if (tag === 'DISCARD ALL' && session.status !== 'I') {
    throw new Failure('25001', 'DISCARD ALL in a transaction')
  }
  for (const name of session.statements.keys()) session.forgotten.add(name)
  session.statements.clear()
  return tag
}

/** The tag; null where the portal is suspended. */
function sendRows(session: Session, portal: Portal, count: number): string | null {
  const { tables } = session
  const { effect } = portal.meaning
  const isFetch = effect.kind === 'fetch'
  if (isFetch && tables.cursor === null && portal.left === null) {
    throw new Failure('34000', 'no such cursor')
  }
  portal.left ??= isFetch ? tables.cursor!.splice(0, 2) : tables.users
  const take = count > 0 ? Math.min(count, portal.left.length) : portal.left.length
  const rows = portal.left.splice(0, take)
  const columns = effect.kind === 'rows' ? effect.columns : (['id', 'email'] as const)
  for (const row of rows) {
    const cells = columns.map((column, i) => tables.cell(row, column, formatAt(portal.formats, i)))
    session.answer(dataRow(...cells))
  }
  if (count > 0 && take === count) {
    session.answer(frame('s'))
    return null
  }
  // From time to time the database has something to say that nobody asked for.
  if (rows.length === 2) session.answer(frame('N', string('SNOTICE'), Buffer.of(0)))
  return `${isFetch ? 'FETCH' : 'SELECT'} ${rows.length}`
}
