import postgres from 'postgres'

export async function open({ host, port, user, password, database, ssl }) {
  const sql = postgres({ host, port, user, password, database, ssl, max: 4, onnotice: () => {} })
  return {
    ...customersOf(sql),
    inTransaction: (work) => sql.begin((within) => work(customersOf(within))),
    close: () => sql.end(),
  }
}

function customersOf(sql) {
  const one = async (query) => (await query)[0] ?? null
  return {
    create: (person) =>
      sql`INSERT INTO customers ${sql({ ...person, profile: sql.json(person.profile) })}`,
    byId: (id) => one(sql`SELECT * FROM customers WHERE id = ${id}`),
    byEmail: (email) => one(sql`SELECT * FROM customers WHERE email = ${email}`),
    byEmails: async (emails) => [
      ...(await sql`SELECT * FROM customers WHERE email IN ${sql(emails)} ORDER BY id`),
    ],
    update: (id, changes) => sql`UPDATE customers SET ${sql(changes)} WHERE id = ${id}`,
    upsert: (person) => sql`
      INSERT INTO customers ${sql({ ...person, profile: sql.json(person.profile) })}
      ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, email = EXCLUDED.email, phone = EXCLUDED.phone,
        profile = EXCLUDED.profile, visits = customers.visits + 1`,
    createMany: (people) =>
      sql`INSERT INTO customers ${sql(people.map((person) => ({ ...person, profile: sql.json(person.profile) })))}`,
    page: async (offset, limit) => [
      ...(await sql`SELECT * FROM customers ORDER BY id LIMIT ${limit} OFFSET ${offset}`),
    ],
    count: async () => (await one(sql`SELECT count(*)::integer AS count FROM customers`)).count,
    remove: (email) => sql`DELETE FROM customers WHERE email = ${email}`,
  }
}
