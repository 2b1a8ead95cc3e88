import { encryptedType } from '@acra-ts/sdk/drizzle'
import { asc, eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { customType, integer, pgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'

export async function open(settings, { email, note }) {
  const letters = pgTable('letters', {
    id: integer().primaryKey(),
    email: customType(encryptedType(email))(),
    note: customType(encryptedType(note))(),
  })
  const pool = new pg.Pool(settings)
  const db = drizzle(pool)
  const all = () => db.select().from(letters).orderBy(asc(letters.id)).$dynamic()
  return {
    create: (letter) => db.insert(letters).values(letter),
    createMany: (rows) => db.insert(letters).values(rows),
    update: (id, changes) => db.update(letters).set(changes).where(eq(letters.id, id)),
    all,
    byEmail: (value) =>
      all().where(sql`substr(${letters.email}, 1, 33) = ${Buffer.from(email.searchHash(value))}`),
    close: () => pool.end(),
  }
}
