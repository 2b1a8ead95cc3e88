/** Code of applications in TypeScript: that it compiles is the test. What must not compile is marked. */

import { type EncryptedValues, encryptedType } from '@acra-ts/sdk/drizzle'
import { EncryptedTable, revealResponse } from '@acra-ts/sdk/knex'
import { encryptedPlugin } from '@acra-ts/sdk/kysely'
import { AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
import { encryptedExtension } from '@acra-ts/sdk/prisma'
import { encryptedAttribute } from '@acra-ts/sdk/sequelize'
import { encryptedTransformer } from '@acra-ts/sdk/typeorm'
import type { drizzle as Drizzle } from 'drizzle-orm/node-postgres'
import { customType, integer, pgTable } from 'drizzle-orm/pg-core'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { DataTypes, type Sequelize } from 'sequelize'
import { EntitySchema } from 'typeorm'
import type { PrismaClient } from '../node_modules/generated-client/index.js'

const writer = AcraWriter.forClient(acra, acra.generateKeyPair().publicKey)
const email = EncryptedColumn.text(acra, { writer })
const note = EncryptedColumn.json<{ tags: string[] }>(acra, { writer })

export async function withDrizzle(db: ReturnType<typeof Drizzle>): Promise<string | null> {
  const encryptedEmail = customType<EncryptedValues<string>>(encryptedType(email))
  const letters = pgTable('letters', { id: integer().primaryKey(), email: encryptedEmail() })
  await db.insert(letters).values({ id: 1, email: 'ann@example.org' })
  // @ts-expect-error: a number is no text.
  await db.insert(letters).values({ id: 1, email: 7 })
  const [letter] = await db.select().from(letters)
  return letter?.email ?? null
}

export function withKysely(): Kysely<{ letters: { id: number; email: string | null } }> {
  const dialect = new PostgresDialect({ pool: new pg.Pool() })
  return new Kysely({ dialect, plugins: [encryptedPlugin({ letters: { email, note } })] })
}

export async function withKnex(): Promise<unknown> {
  const db = knex({ client: 'pg', postProcessResponse: revealResponse })
  const letters = new EncryptedTable({ email, note })
  await db('letters').insert(letters.protect([{ id: 1, email: 'ann@example.org' }]))
  return db('letters').queryContext(letters).first()
}

export const withTypeOrm: EntitySchema<{ id: number; email: string }> = new EntitySchema({
  name: 'Letter',
  columns: {
    id: { type: 'int', primary: true },
    email: { type: 'bytea', transformer: encryptedTransformer(email) },
  },
})

export function withSequelize(sequelize: Sequelize): unknown {
  return sequelize.define('letter', {
    id: { type: DataTypes.INTEGER, primaryKey: true },
    email: { ...encryptedAttribute(DataTypes, 'email', email), allowNull: false },
  })
}

export async function withPrisma(client: PrismaClient): Promise<string[] | undefined> {
  const prisma = client.$extends(encryptedExtension({ letter: { email, note } }))
  const data = { id: 1, email: Buffer.from(email.protect('ann@example.org')) }
  const letter = await prisma.letter.create({ data })
  const address: string | null = letter.email
  // @ts-expect-error: it is no longer bytes.
  const bytes: Uint8Array | null = letter.email
  return address === null || bytes === null ? undefined : letter.note?.tags
}
