import { encryptedPlugin } from '@acra-ts/sdk/kysely'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

export async function open(settings, { email, note }) {
  const db = new Kysely({
    dialect: new PostgresDialect({ pool: new pg.Pool(settings) }),
    plugins: [encryptedPlugin({ letters: { email, note } })],
  })
  const all = () => db.selectFrom('letters').selectAll().orderBy('id')
  return {
    create: (letter) =>
      db
        .insertInto('letters')
        .values(letter)
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet((eb) => ({ email: eb.ref('excluded.email') })),
        )
        .execute(),
    createMany: (rows) => db.insertInto('letters').values(rows).execute(),
    update: (id, changes) => db.updateTable('letters').set(changes).where('id', '=', id).execute(),
    all: () => all().execute(),
    byEmail: async (value) => {
      const found = await all().where('email', '=', value).execute()
      const aliased = await db
        .selectFrom('letters as l')
        .select(['l.email as address'])
        .where('l.email', 'in', [value, 'other'])
        .execute()
      if (aliased.some(({ address }) => address !== value)) throw new Error('another was found')
      if (aliased.length !== found.length) throw new Error('not as many were found')
      return found
    },
    refused: [
      () => db.updateTable('letters').set({ email: sql`'in the clear'` }).execute(),
      () =>
        db
          .insertInto('letters')
          .columns(['id', 'email'])
          .expression(db.selectFrom('letters').select(['id', 'email']))
          .execute(),
      () => all().where('note', '=', 'text').execute(),
      () => all().where('email', 'like', 'third%').execute(),
    ],
    close: () => db.destroy(),
  }
}
