import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

export async function open({ url: _, ...settings }) {
  const db = new Kysely({
    dialect: new PostgresDialect({ pool: new pg.Pool({ ...settings, max: 4 }) }),
  })
  return {
    ...customersOf(db),
    inTransaction: (work) => db.transaction().execute((within) => work(customersOf(within))),
    close: () => db.destroy(),
  }
}

function customersOf(db) {
  const all = () => db.selectFrom('customers').selectAll()
  const one = async (query) => (await query.executeTakeFirst()) ?? null
  return {
    create: (person) => db.insertInto('customers').values(person).execute(),
    byId: (id) => one(all().where('id', '=', id)),
    byEmail: (email) => one(all().where('email', '=', email)),
    byEmails: (emails) => all().where('email', 'in', emails).orderBy('id').execute(),
    update: (id, changes) =>
      db.updateTable('customers').set(changes).where('id', '=', id).returningAll().execute(),
    upsert: (person) =>
      db
        .insertInto('customers')
        .values(person)
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet((eb) => ({
            name: eb.ref('excluded.name'),
            email: eb.ref('excluded.email'),
            phone: eb.ref('excluded.phone'),
            profile: eb.ref('excluded.profile'),
            visits: sql`customers.visits + 1`,
          })),
        )
        .execute(),
    createMany: (people) => db.insertInto('customers').values(people).execute(),
    page: (offset, limit) => all().orderBy('id').offset(offset).limit(limit).execute(),
    count: async () => {
      const { count } = await db
        .selectFrom('customers')
        .select((eb) => eb.fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    remove: (email) => db.deleteFrom('customers').where('email', '=', email).execute(),
  }
}
