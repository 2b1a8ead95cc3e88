import { encryptedAttribute } from '@acra-ts/sdk/sequelize'
import { col, DataTypes, fn, Sequelize, where } from 'sequelize'

export async function open({ user, password, database, ssl, host, port }, { email, note }) {
  const sequelize = new Sequelize(database, user, password, {
    dialect: 'postgres',
    host,
    port,
    dialectOptions: { ssl },
    logging: false,
  })
  const Letter = sequelize.define(
    'letter',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true },
      email: encryptedAttribute(DataTypes, 'email', email),
      note: encryptedAttribute(DataTypes, 'note', note),
    },
    { tableName: 'letters', timestamps: false },
  )
  const find = async (options) => {
    const found = await Letter.findAll({ ...options, order: [['id', 'ASC']] })
    return found.map((letter) => letter.get())
  }
  return {
    create: (letter) => Letter.create(letter),
    createMany: (rows) => Letter.bulkCreate(rows),
    // In the second form Sequelize takes the values past the model.
    update: async (id, changes) => {
      await Letter.update(changes, { where: { id } })
      await Letter.update(changes, { where: { id }, validate: false })
    },
    all: () => find({}),
    byEmail: (value) => {
      const hash = Buffer.from(email.searchHash(value))
      return find({ where: where(fn('substr', col('email'), 1, 33), hash) })
    },
    close: () => sequelize.close(),
  }
}
