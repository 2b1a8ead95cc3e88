/** Query builders and ORMs through acra-server over TLS: the same small application by each, which knows nothing of acra-server. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import * as d from 'drizzle-orm/pg-core'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { DataTypes, Sequelize } from 'sequelize'
import { DataSource, EntitySchema } from 'typeorm'
import { createAuthority } from '#testing/certificates'
import { addressOf, directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const encryptorConfig = `schemas:
  - table: customers
    columns: [id, email, age, notes]
    encrypted:
      - { column: email, data_type: str, searchable: true }
      - { column: age, data_type: int32 }
      - { column: notes, data_type: json }
`
const schema = `CREATE TABLE customers (id integer PRIMARY KEY, email bytea, age bytea, notes bytea)`

interface Customer {
  readonly id: number
  readonly email: string
  readonly age: number
  readonly notes: { readonly tags: readonly string[] } | null
}

/** What the application does with its customers, by whatever library. */
interface Application {
  create(customer: Customer): Promise<unknown>
  bulk(customers: readonly Customer[]): Promise<unknown>
  find(email: string): Promise<Customer | null>
  update(id: number, email: string): Promise<unknown>
  upsert(customer: Customer): Promise<unknown>
  page(offset: number, size: number): Promise<readonly Customer[]>
  /** Creates a customer in a transaction that fails. */
  abandon(customer: Customer): Promise<unknown>
  close(): Promise<unknown>
}

type Address = ReturnType<typeof addressOf> & { readonly ssl: { readonly ca: string } }

const folder = mkdtempSync(join(tmpdir(), 'acra-orms-'))
const authority = createAuthority(folder, 'authority')
const certificate = authority.server('front')
const ca = readFileSync(authority.certFile, 'utf8')

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab({ auth: 'trust', tls: authority.server('database') })
  front = await lab.front({
    encryptorConfig,
    flags: [
      `--tls_cert=${certificate.certFile}`,
      `--tls_key=${certificate.keyFile}`,
      `--tls_ca=${authority.certFile}`,
      '--tls_client_system_ca=false',
      '--tls_client_auth=0',
      '--tls_client_id_from_cert=false',
    ],
  })
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

const customer = (id: number): Customer => ({
  id,
  email: `customer${id}@example.org`,
  age: 20 + id,
  notes: { tags: ['a', `b${id}`] },
})

function describeLibrary(name: string, open: (address: Address) => Promise<Application>): void {
  test(`${name}: create, find, update, upsert, page, bulk, JSON, and a transaction that fails`, async () => {
    await directly(lab.database, (client) =>
      client.query(`DROP TABLE IF EXISTS customers; ${schema}`),
    )
    const application = await open({
      ...addressOf(lab.database, front),
      host: 'localhost',
      ssl: { ca },
    })
    try {
      await application.create(customer(1))
      await application.bulk([customer(2), customer(3), customer(4)])
      assert.deepEqual(await application.find(customer(3).email), customer(3))
      assert.equal(await application.find('nobody@example.org'), null)
      await application.update(2, 'new@example.org')
      assert.deepEqual(await application.find('new@example.org'), {
        ...customer(2),
        email: 'new@example.org',
      })
      await application.upsert({ ...customer(4), age: 99 })
      assert.equal((await application.find(customer(4).email))?.age, 99)
      const page = await application.page(2, 2)
      assert.deepEqual(
        page.map(({ id }) => id),
        [3, 4],
      )
      await assert.rejects(application.abandon(customer(5)), /abandoned/)
      assert.equal(await application.find(customer(5).email), null)
    } finally {
      await application.close()
    }
    const { rows } = await directly(lab.database, (client) =>
      client.query('SELECT customers::text AS whole FROM customers'),
    )
    assert.equal(rows.length, 4)
    for (const { whole } of rows) {
      assert.equal(whole.includes(Buffer.from('@example.org').toString('hex')), false)
    }
  })
}

const json = (value: unknown) => JSON.stringify(value)

describeLibrary('Knex', async (address) => {
  const db = knex({ client: 'pg', connection: address })
  const row = (c: Customer) => ({ ...c, notes: json(c.notes) })
  return {
    create: (c) => db('customers').insert(row(c)),
    bulk: (all) => db('customers').insert(all.map(row)),
    find: async (email) => (await db('customers').where({ email }).first()) ?? null,
    update: (id, email) => db('customers').where({ id }).update({ email }),
    upsert: (c) => db('customers').insert(row(c)).onConflict('id').merge(),
    page: (offset, size) => db('customers').select('*').orderBy('id').offset(offset).limit(size),
    abandon: (c) =>
      db.transaction(async (trx) => {
        await trx('customers').insert(row(c))
        throw new Error('abandoned')
      }),
    close: () => db.destroy(),
  }
})

describeLibrary('Kysely', async (address) => {
  interface Tables {
    customers: { id: number; email: string; age: number; notes: unknown }
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new pg.Pool(address) }) })
  const row = (c: Customer) => ({ ...c, notes: json(c.notes) })
  const shown = (found: unknown) => found as Customer
  return {
    create: (c) => db.insertInto('customers').values(row(c)).execute(),
    bulk: (all) => db.insertInto('customers').values(all.map(row)).execute(),
    find: async (email) => {
      const query = db.selectFrom('customers').selectAll().where('email', '=', email)
      return shown((await query.executeTakeFirst()) ?? null)
    },
    update: (id, email) =>
      db.updateTable('customers').set({ email }).where('id', '=', id).execute(),
    upsert: (c) =>
      db
        .insertInto('customers')
        .values(row(c))
        .onConflict((on) => on.column('id').doUpdateSet({ age: c.age }))
        .execute(),
    page: async (offset, size) => {
      const query = db.selectFrom('customers').selectAll().orderBy('id').offset(offset).limit(size)
      return (await query.execute()).map(shown)
    },
    abandon: (c) =>
      db.transaction().execute(async (trx) => {
        await trx.insertInto('customers').values(row(c)).execute()
        throw new Error('abandoned')
      }),
    close: () => db.destroy(),
  }
})

describeLibrary('Drizzle', async (address) => {
  const customers = d.pgTable('customers', {
    id: d.integer().primaryKey(),
    email: d.text(),
    age: d.integer(),
    notes: d.json(),
  })
  const pool = new pg.Pool(address)
  const db = drizzle(pool)
  return {
    create: (c) => db.insert(customers).values(c),
    bulk: (all) => db.insert(customers).values([...all]),
    find: async (email) => {
      const found = await db.select().from(customers).where(eq(customers.email, email))
      return (found[0] as Customer | undefined) ?? null
    },
    update: (id, email) => db.update(customers).set({ email }).where(eq(customers.id, id)),
    upsert: (c) =>
      db
        .insert(customers)
        .values(c)
        .onConflictDoUpdate({ target: customers.id, set: { age: c.age } }),
    page: async (offset, size) => {
      const query = db.select().from(customers).orderBy(customers.id).offset(offset).limit(size)
      return (await query) as Customer[]
    },
    abandon: (c) =>
      db.transaction(async (trx) => {
        await trx.insert(customers).values(c)
        throw new Error('abandoned')
      }),
    close: () => pool.end(),
  }
})

describeLibrary('Sequelize', async ({ user, ssl, ...address }) => {
  const db = new Sequelize({
    dialect: 'postgres',
    logging: false,
    username: user,
    ...(address as object),
    dialectOptions: { ssl },
  })
  const model = db.define(
    'customer',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true },
      email: DataTypes.TEXT,
      age: DataTypes.INTEGER,
      notes: DataTypes.JSON,
    },
    { tableName: 'customers', timestamps: false },
  )
  const row = (c: Customer) => ({ ...c })
  const shown = (found: { get(): unknown } | null) => (found?.get() ?? null) as Customer | null
  return {
    create: (c) => model.create(row(c)),
    bulk: (all) => model.bulkCreate(all.map(row)),
    find: async (email) => shown(await model.findOne({ where: { email } })),
    update: (id, email) => model.update({ email }, { where: { id } }),
    upsert: (c) => model.upsert(row(c)),
    page: async (offset, limit) => {
      const found = await model.findAll({ order: ['id'], offset, limit })
      return found.map((one) => shown(one)!)
    },
    abandon: (c) =>
      db.transaction(async (transaction) => {
        await model.create(row(c), { transaction })
        throw new Error('abandoned')
      }),
    close: () => db.close(),
  }
})

describeLibrary('TypeORM', async ({ user, ...address }) => {
  const entity = new EntitySchema<Customer>({
    name: 'customers',
    columns: {
      id: { type: 'integer', primary: true },
      email: { type: 'text' },
      age: { type: 'integer' },
      notes: { type: 'json', nullable: true },
    },
  })
  const source = new DataSource({
    type: 'postgres',
    entities: [entity],
    username: user,
    ...(address as object),
  })
  await source.initialize()
  const all = source.getRepository(entity)
  return {
    create: (c) => all.insert({ ...c, notes: c.notes as never }),
    bulk: (many) => all.insert(many.map((c) => ({ ...c, notes: c.notes as never }))),
    find: (email) => all.findOneBy({ email }),
    update: (id, email) => all.update({ id }, { email }),
    upsert: (c) => all.upsert({ ...c, notes: c.notes as never }, ['id']),
    page: (skip, take) => all.find({ order: { id: 'ASC' }, skip, take }),
    abandon: (c) =>
      source.transaction(async (manager) => {
        await manager.getRepository(entity).insert({ ...c, notes: c.notes as never })
        throw new Error('abandoned')
      }),
    close: () => source.destroy(),
  }
})
