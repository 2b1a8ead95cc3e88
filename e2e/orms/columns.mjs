/**
 * An application that encrypts two columns itself: it is started with a library's name, connects to DATABASE_URL over TLS with the authority of
 * DATABASE_CA, and prints what it has seen as JSON. It writes with PUBLIC_KEY; with PRIVATE_KEY it reads what is encrypted, and without it what
 * acra-server has decrypted. Keys are in base64.
 */
import { readFileSync } from 'node:fs'
import { AcraReader, AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'

const [name] = process.argv.slice(2)
const { open } = await import(`./columns/${name}.mjs`)
const { PUBLIC_KEY, PRIVATE_KEY, HMAC_KEY, DATABASE_URL, DATABASE_CA } = process.env
const bytes = (text) => Buffer.from(text, 'base64')
const keys = {
  writer: AcraWriter.forClient(acra, PUBLIC_KEY),
  ...(PRIVATE_KEY && { reader: new AcraReader(acra, { privateKeys: [bytes(PRIVATE_KEY)] }) }),
}
const email = EncryptedColumn.text(acra, { ...keys, hmacKey: bytes(HMAC_KEY) })
const note = EncryptedColumn.json(acra, keys)

const url = new URL(DATABASE_URL)
const ssl = { ca: readFileSync(DATABASE_CA, 'utf8'), servername: 'localhost' }
const letters = await open(
  {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    ssl,
  },
  { email, note },
)

const seen = {}
try {
  await letters.create({ id: 1, email: 'änne@example.org', note: { tags: ['a', 'Łódź'], n: 1 } })
  await letters.create({ id: 2, email: '', note: null })
  await letters.createMany([
    { id: 3, email: 'third@example.org', note: [1, 2] },
    { id: 4, email: 'third@example.org', note: 'text' },
  ])
  seen.written = await letters.all()
  await letters.update(2, { email: 'second@example.org', note: { changed: true } })
  await letters.update(3, { note: null })
  seen.updated = await letters.all()
  seen.found = await letters.byEmail('third@example.org')
  seen.notFound = await letters.byEmail('nobody@example.org')
  seen.refused = []
  for (const statement of letters.refused ?? []) {
    seen.refused.push(await statement().then(JSON.stringify, (error) => error.code))
  }
} finally {
  await letters.close()
}
console.log(JSON.stringify(seen, null, 1))
