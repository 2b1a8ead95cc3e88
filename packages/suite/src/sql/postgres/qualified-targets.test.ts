import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf, verdict } from './testing/index.ts'

/** `contacts` is in no config. */
const catalog = catalogOf({
  tables: {
    'public.people': {
      columns: ['id', 'name', 'email', 'address', 'tags', 'note', 'note.name'],
      composite: ['address', 'email'],
      protect: ['name', 'email'],
    },
    'public.loose': { protect: ['name'] },
    'public.plain': { columns: ['id', 'name', 'address'] },
  },
})

/** Statements, and the target that each is refused for. */
const refused: Readonly<Record<string, string>> = {
  "UPDATE people p SET p.name = 'x'": 'p.name',
  'UPDATE people p SET p.name = $1': 'p.name',
  "UPDATE people SET people.name = 'x'": 'people.name',
  "UPDATE people SET note = 'x', PEOPLE.NAME = 'x'": 'people.name',
  "UPDATE people SET public.people.name = 'x'": 'public.people.name',
  "UPDATE people p SET (p.name, p.email) = ('x', 'y')": 'p.name',
  "UPDATE people p SET (id, p.email) = ROW(1, 'y')": 'p.email',
  "UPDATE people p SET (p.name, p.email) = (SELECT 'x', 'y')": 'p.name',
  "UPDATE people p SET p.name[1] = 'x'": 'p.name',
  "UPDATE people p SET p[1].name = 'x'": 'p.name',
  "UPDATE people p SET p.tags[1] = 'x'": 'p.tags',
  "UPDATE people p SET p.unknown = 'x'": 'p.unknown',
  "UPDATE people SET note.name = 'x'": 'note.name',
  'UPDATE people p SET p.* = ROW(1)': 'p.*',
  "INSERT INTO people (id, people.name) VALUES (1, 'x')": 'people.name',
  'INSERT INTO people (id, people.name) SELECT 1, $1': 'people.name',
  "INSERT INTO people AS p (p.name) VALUES ('x')": 'p.name',
  "INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET people.name = 'x'":
    'people.name',
  "MERGE INTO people p USING plain ON plain.id = p.id WHEN MATCHED THEN UPDATE SET p.name = 'x'":
    'p.name',
  "MERGE INTO people p USING plain ON plain.id = p.id WHEN NOT MATCHED THEN INSERT (p.name) VALUES ('x')":
    'p.name',
  "WITH w AS (UPDATE people p SET p.name = 'x' RETURNING id) SELECT * FROM w": 'p.name',
  "PREPARE s AS UPDATE people p SET p.name = 'x'": 'p.name',
  "EXPLAIN UPDATE people p SET p.name = 'x'": 'p.name',
  'UPDATE people SET "p.name" = \'x\'': 'p.name',
  'UPDATE people SET "public.people.email" = \'x\'': 'public.people.email',
  'UPDATE loose SET "note.name" = \'x\'': 'note.name',
  'INSERT INTO people ("people.name") VALUES (\'x\')': 'people.name',
  'COPY people (id, "p.name") FROM STDIN': 'p.name',
  "UPDATE loose SET address.city = 'x'": 'address.city',
}

for (const [sql, target] of Object.entries(refused)) {
  test(`a qualified target is refused: ${sql}`, () => {
    const found = verdict(sql, catalog)
    assert.ok(found.startsWith(`refused: a statement gives a value to ${target},`), found)
  })
}

/** A protected column, or a table that may be a view of one, has refusals of its own. */
const otherwise: Readonly<Record<string, string>> = {
  "UPDATE people SET email.name = 'x'":
    'UPDATE people SET cannot protect the value of people.email: only a part of the value is written',
  "UPDATE contacts c SET c.name = 'x'": 'UPDATE contacts SET gives a value to contacts.c.name',
  "INSERT INTO contacts (id, contacts.name) VALUES (1, 'x')":
    'INSERT INTO contacts gives a value to contacts.contacts.name',
  'UPDATE contacts SET "c.name" = \'x\'': 'UPDATE contacts SET gives a value to contacts.c.name',
}

for (const [sql, why] of Object.entries(otherwise)) {
  test(`refused: ${sql}`, () => {
    const found = verdict(sql, catalog)
    assert.ok(found.startsWith(`refused: ${why}`), found)
  })
}

const allowed: Readonly<Record<string, string>> = {
  "UPDATE people SET address.city = 'x', address.lines[1] = $1": 'untouched',
  "UPDATE people SET address.name = 'x', name = 'y'": "people.name='y'",
  "INSERT INTO people (address.city, name) VALUES ('x', 'y')": "people.name='y'",
  "UPDATE people SET tags[1] = 'x', address[1].city = 'y'": 'untouched',
  'UPDATE people SET "note.name" = \'x\'': 'untouched',
  "UPDATE people SET \"p.unknown\" = 'x', unknown = 'y'": 'untouched',
  "UPDATE plain p SET p.name = 'x', address.city = 'y'": 'untouched',
  "UPDATE contacts c SET c.phone = 'x', c.name = NULL": 'untouched',
}

for (const [sql, found] of Object.entries(allowed)) {
  test(`a field of a column, and a name that is not protected: ${sql}`, () => {
    assert.equal(verdict(sql, catalog), found)
  })
}

test('a subscript in the list of INSERT is an expression like any other', () => {
  const subquery = "(SELECT 1 FROM people WHERE email = 'x')"
  for (const sql of [
    `INSERT INTO people (tags[${subquery}]) VALUES ('y')`,
    `MERGE INTO people p USING plain ON true WHEN NOT MATCHED THEN INSERT (tags[${subquery}]) VALUES ('y')`,
  ]) {
    assert.match(verdict(sql, catalog), /^refused: WHERE cannot use people.email in a comparison/)
  }
})
