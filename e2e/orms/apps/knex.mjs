import knex from 'knex'

export async function open({ url: _, ...connection }) {
  const db = knex({ client: 'pg', connection, pool: { min: 0, max: 4 } })
  return {
    ...customersOf(db),
    inTransaction: (work) => db.transaction((within) => work(customersOf(within))),
    close: () => db.destroy(),
  }
}

function customersOf(db) {
  const table = () => db('customers')
  const one = async (query) => (await query.first()) ?? null
  return {
    create: (person) => table().insert(person),
    byId: (id) => one(table().where({ id })),
    byEmail: (email) => one(table().where({ email })),
    byEmails: (emails) => table().whereIn('email', emails).orderBy('id'),
    update: (id, changes) => table().where({ id }).update(changes).returning('*'),
    upsert: ({ visits, ...person }) =>
      table()
        .insert({ ...person, visits })
        .onConflict('id')
        .merge({ ...person, visits: db.raw('customers.visits + 1') }),
    createMany: (people) => table().insert(people),
    page: (offset, limit) => table().orderBy('id').offset(offset).limit(limit),
    count: async () => Number((await table().count('* as count').first()).count),
    remove: (email) => table().where({ email }).delete(),
  }
}
