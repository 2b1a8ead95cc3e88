/**
 * What every application does, whichever library it uses: it is started with the library's name, connects to DATABASE_URL over TLS with the
 * authority of DATABASE_CA, and prints what it has seen as JSON. Nothing here knows of acra-server.
 */
import { readFileSync } from 'node:fs'

const [name] = process.argv.slice(2)
const { open } = await import(`./apps/${name}.mjs`)
const url = new URL(process.env.DATABASE_URL)
const customers = await open({
  url: url.href,
  host: url.hostname,
  port: Number(url.port),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),
  ssl: { ca: readFileSync(process.env.DATABASE_CA, 'utf8'), servername: 'localhost' },
})

const person = (id, more = {}) => ({
  id,
  name: `Customer ${id}`,
  email: `c${id}@example.org`,
  phone: id % 3 === 0 ? null : `+49 30 ${id}`,
  profile: { tags: ['new', `n${id}`], address: { city: 'Łódź', quote: 'it\'s "fine" \\ %' } },
  visits: id,
  ...more,
})

const seen = {}
try {
  await customers.create(person(1))
  seen.created = await customers.byId(1)
  seen.found = await customers.byEmail('c1@example.org')
  seen.notFound = await customers.byEmail('nobody@example.org')

  await customers.update(1, { email: 'änne@example.org', phone: null })
  seen.updated = await customers.byEmail('änne@example.org')

  await customers.upsert(person(1, { name: 'Again', email: 'again@example.org' }))
  await customers.upsert(person(2))
  seen.upserted = [await customers.byId(1), await customers.byId(2)]

  await customers.inTransaction(async (within) => {
    await within.create(person(3))
    await within.update(3, { email: 'third@example.org' })
  })
  seen.committed = await customers.byEmail('third@example.org')
  const failure = await customers
    .inTransaction(async (within) => {
      await within.create(person(4))
      throw new Error('changed my mind')
    })
    .catch((error) => error.message)
  seen.rolledBack = [failure, await customers.byId(4)]

  await customers.createMany(Array.from({ length: 200 }, (_, index) => person(100 + index)))
  seen.page = await customers.page(150, 3)
  seen.several = await customers.byEmails([
    'c110@example.org',
    'c299@example.org',
    'nobody@example.org',
  ])
  seen.count = await customers.count()
  await customers.remove('c110@example.org')
  seen.countAfter = await customers.count()
} finally {
  await customers.close()
}
console.log(JSON.stringify(seen, null, 1))
