import { asc, eq, inArray, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'

const table = pgTable('customers', {
  id: integer().primaryKey(),
  name: text().notNull(),
  email: text().notNull(),
  phone: text(),
  profile: jsonb(),
  visits: integer().notNull(),
})

export async function open({ url: _, ...settings }) {
  const pool = new pg.Pool({ ...settings, max: 4 })
  const db = drizzle(pool)
  return {
    ...customersOf(db),
    inTransaction: (work) => db.transaction((within) => work(customersOf(within))),
    close: () => pool.end(),
  }
}

function customersOf(db) {
  const one = async (query) => (await query)[0] ?? null
  const all = () => db.select().from(table)
  return {
    create: (person) => db.insert(table).values(person),
    byId: (id) => one(all().where(eq(table.id, id))),
    byEmail: (email) => one(all().where(eq(table.email, email)).limit(1)),
    byEmails: (emails) => all().where(inArray(table.email, emails)).orderBy(asc(table.id)),
    update: (id, changes) => db.update(table).set(changes).where(eq(table.id, id)).returning(),
    upsert: (person) => {
      const { name, email, phone, profile } = person
      const set = { name, email, phone, profile, visits: sql`${table.visits} + 1` }
      return db.insert(table).values(person).onConflictDoUpdate({ target: table.id, set })
    },
    createMany: (people) => db.insert(table).values(people),
    page: (offset, limit) => all().orderBy(asc(table.id)).limit(limit).offset(offset),
    count: () => db.$count(table),
    remove: (email) => db.delete(table).where(eq(table.email, email)),
  }
}
