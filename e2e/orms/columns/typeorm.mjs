import 'reflect-metadata'
import { encryptedTransformer } from '@acra-ts/sdk/typeorm'
import { DataSource, EntitySchema } from 'typeorm'

export async function open({ user: username, ...settings }, { email, note }) {
  const Letter = new EntitySchema({
    name: 'Letter',
    tableName: 'letters',
    columns: {
      id: { type: 'int', primary: true },
      email: { type: 'bytea', nullable: true, transformer: encryptedTransformer(email) },
      note: { type: 'bytea', nullable: true, transformer: encryptedTransformer(note) },
    },
  })
  const source = new DataSource({ type: 'postgres', ...settings, username, entities: [Letter] })
  await source.initialize()
  const letters = source.getRepository(Letter)
  return {
    create: (letter) => letters.save(letter),
    createMany: (rows) => letters.insert(rows),
    update: (id, changes) => letters.update({ id }, changes),
    all: () => letters.find({ order: { id: 'ASC' } }),
    byEmail: (value) =>
      letters
        .createQueryBuilder('l')
        .where('substr(l.email, 1, 33) = :hash', { hash: email.searchHash(value) })
        .orderBy('l.id')
        .getMany(),
    close: () => source.destroy(),
  }
}
