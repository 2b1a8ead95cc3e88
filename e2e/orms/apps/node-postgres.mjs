import pg from 'pg'

export async function open({ url: _, ...settings }) {
  const pool = new pg.Pool({ ...settings, max: 4 })
  return {
    ...customersOf(pool),
    inTransaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  }
}

async function inTransaction(pool, work) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await work(customersOf(client))
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const columns = 'id, name, email, phone, profile, visits'
const valuesOf = (person) => [
  person.id,
  person.name,
  person.email,
  person.phone,
  person.profile,
  person.visits,
]

function customersOf(db) {
  const one = async (sql, values) => (await db.query(sql, values)).rows[0] ?? null
  return {
    create: (person) =>
      db.query(
        `INSERT INTO customers (${columns}) VALUES ($1, $2, $3, $4, $5, $6)`,
        valuesOf(person),
      ),
    byId: (id) => one(`SELECT ${columns} FROM customers WHERE id = $1`, [id]),
    byEmail: (email) => one(`SELECT ${columns} FROM customers WHERE email = $1`, [email]),
    byEmails: async (emails) =>
      (
        await db.query(`SELECT ${columns} FROM customers WHERE email = ANY($1) ORDER BY id`, [
          emails,
        ])
      ).rows,
    update: (id, { email, phone = null }) =>
      db.query('UPDATE customers SET email = $1, phone = $2 WHERE id = $3', [email, phone, id]),
    upsert: (person) =>
      db.query(
        `INSERT INTO customers (${columns}) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, email = EXCLUDED.email, phone = EXCLUDED.phone,
           profile = EXCLUDED.profile, visits = customers.visits + 1`,
        valuesOf(person),
      ),
    createMany: (people) =>
      db.query(
        `INSERT INTO customers (${columns}) VALUES ${people
          .map((_, i) => `(${[1, 2, 3, 4, 5, 6].map((at) => `$${i * 6 + at}`).join(', ')})`)
          .join(', ')}`,
        people.flatMap(valuesOf),
      ),
    page: async (offset, limit) =>
      (
        await db.query(`SELECT ${columns} FROM customers ORDER BY id LIMIT $1 OFFSET $2`, [
          limit,
          offset,
        ])
      ).rows,
    count: async () => (await one('SELECT count(*)::integer AS count FROM customers')).count,
    remove: (email) => db.query('DELETE FROM customers WHERE email = $1', [email]),
  }
}
