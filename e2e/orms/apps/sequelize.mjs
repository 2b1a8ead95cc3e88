import { DataTypes, literal, Sequelize } from 'sequelize'

export async function open({ host, port, user, password, database, ssl }) {
  const sequelize = new Sequelize(database, user, password, {
    dialect: 'postgres',
    host,
    port,
    dialectOptions: { ssl },
    logging: false,
    pool: { max: 4 },
  })
  const Customer = sequelize.define(
    'customer',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true },
      name: DataTypes.TEXT,
      email: DataTypes.TEXT,
      phone: DataTypes.TEXT,
      profile: DataTypes.JSONB,
      visits: DataTypes.INTEGER,
    },
    { tableName: 'customers', timestamps: false },
  )
  return {
    ...customersOf(Customer, null),
    inTransaction: (work) =>
      sequelize.transaction((transaction) => work(customersOf(Customer, transaction))),
    close: () => sequelize.close(),
  }
}

function customersOf(Customer, transaction) {
  const options = transaction === null ? {} : { transaction }
  const plain = (found) => found?.get({ plain: true }) ?? null
  const order = [['id', 'ASC']]
  return {
    create: (person) => Customer.create(person, options),
    byId: async (id) => plain(await Customer.findByPk(id, options)),
    byEmail: async (email) => plain(await Customer.findOne({ where: { email }, ...options })),
    byEmails: async (email) =>
      (await Customer.findAll({ where: { email }, order, ...options })).map(plain),
    update: (id, changes) => Customer.update(changes, { where: { id }, ...options }),
    upsert: async (person) => {
      const [changed] = await Customer.update(
        { ...person, visits: literal('visits + 1') },
        { where: { id: person.id }, ...options },
      )
      if (changed === 0) await Customer.upsert(person, options)
    },
    createMany: (people) => Customer.bulkCreate(people, options),
    page: async (offset, limit) =>
      (await Customer.findAll({ order, offset, limit, ...options })).map(plain),
    count: () => Customer.count(options),
    remove: (email) => Customer.destroy({ where: { email }, ...options }),
  }
}
