import { PrismaPg } from '@prisma/adapter-pg'
import generated from '../node_modules/generated-client/index.js'

export async function open({ url: _, ...settings }) {
  const prisma = new generated.PrismaClient({ adapter: new PrismaPg({ ...settings, max: 4 }) })
  return {
    ...customersOf(prisma),
    inTransaction: (work) => prisma.$transaction((within) => work(customersOf(within))),
    close: () => prisma.$disconnect(),
  }
}

function customersOf({ customer }) {
  return {
    create: (data) => customer.create({ data }),
    byId: (id) => customer.findUnique({ where: { id } }),
    byEmail: (email) => customer.findFirst({ where: { email } }),
    byEmails: (emails) =>
      customer.findMany({ where: { email: { in: emails } }, orderBy: { id: 'asc' } }),
    update: (id, data) => customer.update({ where: { id }, data }),
    upsert: ({ id, visits, ...rest }) =>
      customer.upsert({
        where: { id },
        create: { id, visits, ...rest },
        update: { ...rest, visits: { increment: 1 } },
      }),
    createMany: (data) => customer.createMany({ data }),
    page: (skip, take) => customer.findMany({ orderBy: { id: 'asc' }, skip, take }),
    count: () => customer.count(),
    remove: (email) => customer.deleteMany({ where: { email } }),
  }
}
