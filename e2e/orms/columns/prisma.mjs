import { encryptedExtension } from '@acra-ts/sdk/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import generated from '../node_modules/generated-client/index.js'

export async function open(settings, { email, note }) {
  const client = new generated.PrismaClient({ adapter: new PrismaPg(settings) })
  const prisma = client.$extends(encryptedExtension({ letter: { email, note } }))
  const { letter: letters } = prisma
  const orderBy = { id: 'asc' }
  return {
    create: (data) => letters.create({ data: { ...data, email: email.protect(data.email) } }),
    createMany: (data) => letters.createMany({ data }),
    update: (id, data) => letters.update({ where: { id }, data }),
    all: () => letters.findMany({ orderBy }),
    // A hash of its own would be the field to search by; here the statement is written by hand.
    byEmail: async (value) => {
      const hash = email.searchHash(value)
      const rows =
        await prisma.$queryRaw`SELECT id FROM letters WHERE substr(email, 1, 33) = ${hash}`
      return letters.findMany({ where: { id: { in: rows.map(({ id }) => id) } }, orderBy })
    },
    refused: [
      () => letters.create({ data: { id: 9, email: Buffer.from('in the clear') } }),
      () => letters.findMany({ where: { OR: [{ email: Buffer.from('third@example.org') }] } }),
    ],
    close: () => prisma.$disconnect(),
  }
}
