import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf, verdict } from './testing/index.ts'

const catalog = catalogOf({
  tables: {
    'public.users': { columns: ['id', 'email', 'name', 'nick'], protect: ['email', 'name'] },
  },
})

test('literals and parameters of protected columns are value slots', () => {
  assert.equal(
    verdict("INSERT INTO users (id, email, name) VALUES (1, 'x', $1), (2, DEFAULT, NULL)", catalog),
    "users.email='x' users.name=$1",
  )
})

test('protected columns of an answer are known', () => {
  assert.equal(verdict('SELECT * FROM users', catalog), '(other email name other)')
})
