import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { certificateOfPem } from './certificate-file.ts'
import { clientIdOfCertificate } from './client-id.ts'
import { DerReader, derTags } from './der.ts'
import { distinguishedNameText } from './distinguished-name.ts'

const { certificates }: { readonly certificates: readonly { name: string; pem: string }[] } =
  JSON.parse(
    readFileSync(new URL('../../../test/vectors/certificates.json', import.meta.url), 'utf8'),
  )

function derOf(name: string): Buffer {
  return certificateOfPem(certificates.find((certificate) => certificate.name === name)!.pem)
}

/** The text of the subject, by a way through the certificate of the test's own. */
function subjectText(der: Buffer): string {
  const signed = new DerReader(
    new DerReader(new DerReader(der).expect(derTags.sequence)).expect(derTags.sequence),
  )
  // Certificates of version 1 do not say so.
  const before = signed.nextTag === 0xa0 ? 5 : 4
  for (let field = 0; field < before; field++) signed.read()
  return distinguishedNameText(signed.expect(derTags.sequence))
}

const sha512 = (bytes: string | Buffer) => createHash('sha512').update(bytes).digest('hex')

/** By name of the certificate: the text of its subject. The first three are given in spec: acra-server §4.2 and cli-tools §2.6. */
const subjects: Readonly<Record<string, string>> = {
  'the leaf of the original':
    'CN=Test leaf certificate (acra-writer),OU=IT,O=Global Security,L=London,ST=London,C=GB',
  'repeated and unknown types':
    'CN=Test,OU=IT+OU=lead,O=Global\\, Sec \\+ \\<x\\>,L=London,ST=London,C=GB,0.9.2342.19200300.100.1.1=#13027531,0.9.2342.19200300.100.1.25=#13076578616d706c65,1.2.840.113549.1.9.1=#0c056140622e63',
  'several countries and names':
    'SERIALNUMBER=77,CN=\\ second,OU=one+OU=two,O=A\\, B,C=UA+C=GB,2.5.4.12=#130154,1.2.840.113549.1.9.1=#0c057840792e7a',
  'every named type': 'SERIALNUMBER=sn,CN=c,OU=ou,O=o,POSTALCODE=pc,STREET=st,L=l,ST=s,C=AA',
  'characters to escape':
    'OU=\\#hash+OU=mid # dle+OU=\\ lead+OU=trail\\ +OU=\\ +OU=\\ \\ ,O=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h',
  'not ASCII': 'CN=Тест 😀,O=Zażółć',
  'values in several parts of one set': 'CN=z,OU=y,O=x',
  BMPString: 'CN=Тест',
  'PrintableString and its alphabet':
    '2.5.4.12=#0c03615f62,2.5.4.12=#0c03614062,2.5.4.12=#0c03612662,2.5.4.12=#0c03612a62,2.5.4.12=#130f4161302027282 92b2c2d2e2f3a3d3f'.replace(
      ' ',
      '',
    ),
}

for (const [name, text] of Object.entries(subjects))
  test(`${name}: the subject is written as Go writes it, and the client id is its SHA-512`, () => {
    const der = derOf(name)
    assert.equal(subjectText(der), text)
    assert.equal(clientIdOfCertificate(der, 'distinguished_name'), sha512(text))
  })

test('the client ids of the leaf of the original are those that the original makes', () => {
  const der = derOf('the leaf of the original')
  assert.equal(
    clientIdOfCertificate(der, 'distinguished_name'),
    '12824c1c541a615f428a740770291374a8504f84a0682ab4015bc8e792b1bc8240022c5c9faa8c2111e0076b3b929148f4b801414413edaa800cb42492c20cf7',
  )
  assert.equal(
    clientIdOfCertificate(der, 'serial_number'),
    '02b2a4a407659c58477d5c274fbca3d7b7e4802ad61159174e8d1c04345c4635876e26eef3ceb2d8041a821f11eafe38177d432db25377ac6e15c27d8936a1a3',
  )
})

for (const [name, magnitude] of [
  ['no subject', '01'],
  ['serial with its highest bit set', 'ff00000000000000000000000000000000000001'],
  ['negative serial', 'ff'],
] as const)
  test(`${name}: the serial number counts as ${magnitude}, without sign and leading zeros`, () => {
    const expected = sha512(Buffer.from(magnitude, 'hex'))
    assert.equal(clientIdOfCertificate(derOf(name), 'serial_number'), expected)
  })

test('a certificate without subject, or with the serial number zero, has no client id', () => {
  const refused = { code: 'certificate-without-identifier', message: /^empty identifier: / }
  assert.throws(() => clientIdOfCertificate(derOf('no subject'), 'distinguished_name'), refused)
  assert.throws(() => clientIdOfCertificate(derOf('serial zero'), 'serial_number'), refused)
})

test('cut off anywhere, it is no certificate', () => {
  const der = derOf('repeated and unknown types')
  const refused = { code: 'certificate-malformed', message: 'not a certificate in DER' }
  for (let size = 0; size < der.length; size++)
    for (const extractor of ['distinguished_name', 'serial_number'] as const)
      assert.throws(() => clientIdOfCertificate(der.subarray(0, size), extractor), refused)
  assert.throws(
    () => clientIdOfCertificate(Buffer.concat([der, Buffer.of(0)]), 'serial_number'),
    refused,
  )
})

test('damaged anywhere, it has a client id or is refused with the one error', () => {
  const der = derOf('repeated and unknown types')
  const allowed = ['certificate-malformed', 'certificate-without-identifier']
  for (let at = 0; at < der.length; at++)
    for (const flip of [1, 0x80, 0xff]) {
      const damaged = Buffer.from(der)
      damaged[at]! ^= flip
      for (const extractor of ['distinguished_name', 'serial_number'] as const)
        try {
          assert.match(clientIdOfCertificate(damaged, extractor), /^[0-9a-f]{128}$/)
        } catch (error) {
          assert.ok(
            error instanceof Error && 'code' in error && allowed.includes(String(error.code)),
          )
        }
    }
})

test('the first certificate of a PEM file counts, whatever stands around it', () => {
  const [first, second] = certificates
  const expected = new X509Certificate(first!.pem).raw
  const text = `some words\n${first!.pem.replaceAll('\n', '\r\n')}\n${second!.pem}`
  assert.deepEqual(certificateOfPem(text), expected)
})

test('what is no PEM, and PEM that is no certificate, are told apart', () => {
  for (const text of [
    '',
    'words',
    '-----BEGIN CERTIFICATE-----\nMIIB',
    certificates[0]!.pem.slice(0, -30),
  ])
    assert.throws(() => certificateOfPem(text), {
      code: 'certificate-malformed',
      message: "can't parse TLS certificate as PEM encoded file",
    })
  for (const label of ['CERTIFICATE', 'PRIVATE KEY'])
    assert.throws(
      () => certificateOfPem(`-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`),
      {
        code: 'certificate-malformed',
        message: "can't parse TLS certificate",
      },
    )
})
