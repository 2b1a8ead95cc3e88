/** Tests that are tables of statements, over one small catalog. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf, verdict } from './index.ts'

/** `email`, `name`, `body` and `secret` are protected; `contacts` and others are not named at all. */
export const catalog = catalogOf({
  tables: {
    'public.users': { columns: ['id', 'email', 'name', 'nick'], protect: ['email', 'name'] },
    'public.staff': { columns: ['id', 'email', 'name', 'grade'], protect: ['email', 'name'] },
    'public.docs': { columns: ['id', 'tags', 'meta', 'body'], protect: ['body'] },
    'public.loose': { protect: ['secret'] },
    'public.plain': { columns: ['id', 'email', 'note'] },
    'archive.users': { columns: ['id', 'email'] },
  },
  trusted: ['trusted', 'app.anything', 'app.proc', 'app.f'],
})

/** Statements, and what is found in them: value slots, `(columns of the answer)`, cursors, `exact`. */
export function allowed(statements: readonly (readonly [sql: string, found: string])[]): void {
  for (const [sql, found] of statements) {
    test(`allowed: ${sql}`, () => {
      assert.equal(verdict(sql, catalog), found)
    })
  }
}

/** Statements, and how the refusal begins. */
export function refused(statements: readonly (readonly [sql: string, why: string])[]): void {
  for (const [sql, why] of statements) {
    test(`refused: ${sql}`, () => {
      const found = verdict(sql, catalog)
      assert.ok(found.startsWith(`refused: ${why}`), found)
    })
  }
}
