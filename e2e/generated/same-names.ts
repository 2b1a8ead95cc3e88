/** Queries in which a name may mean something else than it seems: tables of one name, common tables, views, joins by the names of columns. */
import type { Draft } from './draft.ts'
import { columnOf, tableOf } from './tables.ts'

export function sameNames(draft: Draft): string {
  draft.dare('names that mean something else')
  draft.isProtected = true
  const email = columnOf(tableOf('users'), 'email')
  const value = () => draft.soughtValue(email)
  return draft.choices.pick([
    () => 'SELECT a.email, u.email FROM archive.users a FULL JOIN public.users u ON u.id = a.id',
    () => `SELECT id, email FROM archive.users WHERE nick = 'x' OR id < ${draft.choices.below(9)}`,
    () => 'WITH users AS (SELECT id, nick AS email FROM archive.users) SELECT email, id FROM users',
    () =>
      `WITH users AS (SELECT id, email FROM public.users) SELECT * FROM users WHERE email = ${value()}`,
    () =>
      `WITH orders (email) AS (SELECT email FROM users) SELECT email FROM orders WHERE email <> ${value()}`,
    () =>
      `WITH archive AS (SELECT email, full_name AS nick FROM users) SELECT nick, email FROM archive`,
    () => `SELECT id, full_name FROM active_users WHERE email = ${value()}`,
    () => `SELECT v.email, u.email FROM active_users v JOIN users u ON v.email = u.email`,
    () => 'SELECT * FROM active_users ORDER BY id',
    () => 'SELECT count(*) FROM users NATURAL JOIN staging_users',
    () =>
      'SELECT * FROM (SELECT id, nick FROM users) u NATURAL JOIN (SELECT id, placed_at FROM orders) o',
    () =>
      'SELECT * FROM (SELECT id, email FROM users) u NATURAL LEFT JOIN (SELECT id FROM orders) o',
    () =>
      `SELECT * FROM (SELECT id, email FROM users) u NATURAL JOIN (SELECT id, email FROM users WHERE email = ${value()}) o`,
  ])()
}
