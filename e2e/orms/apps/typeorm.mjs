import 'reflect-metadata'
import { DataSource, EntitySchema, In } from 'typeorm'

const Customer = new EntitySchema({
  name: 'Customer',
  tableName: 'customers',
  columns: {
    id: { type: 'int', primary: true },
    name: { type: 'text' },
    email: { type: 'text' },
    phone: { type: 'text', nullable: true },
    profile: { type: 'jsonb', nullable: true },
    visits: { type: 'int' },
  },
})

export async function open({ host, port, user, password, database, ssl }) {
  const source = new DataSource({
    type: 'postgres',
    host,
    port,
    username: user,
    password,
    database,
    ssl,
    poolSize: 4,
    entities: [Customer],
    synchronize: false,
  })
  await source.initialize()
  return {
    ...customersOf(source.manager),
    inTransaction: (work) => source.transaction((manager) => work(customersOf(manager))),
    close: () => source.destroy(),
  }
}

function customersOf(manager) {
  const repository = manager.getRepository(Customer)
  const order = { id: 'ASC' }
  return {
    create: (person) => repository.insert(person),
    byId: (id) => repository.findOneBy({ id }),
    byEmail: (email) => repository.findOne({ where: { email } }),
    byEmails: (emails) => repository.find({ where: { email: In(emails) }, order }),
    update: async (id, changes) => {
      const found = await repository.findOneByOrFail({ id })
      await repository.save({ ...found, ...changes })
    },
    upsert: async (person) => {
      const before = await repository.findOneBy({ id: person.id })
      const visits = before === null ? person.visits : before.visits + 1
      await repository.upsert({ ...person, visits }, ['id'])
    },
    createMany: (people) => repository.insert(people),
    page: (skip, take) => repository.find({ order, skip, take }),
    count: () => repository.count(),
    remove: (email) => repository.delete({ email }),
  }
}
