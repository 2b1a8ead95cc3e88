/** Every vector of the original implementations, on @noble. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ValueSink } from './bytes.ts'
import { BlockKey } from './envelope/acra-block.ts'
import { StructPrivateKey } from './envelope/acra-struct.ts'
import { openEnvelopes, openerOf } from './envelope/scan.ts'
import { noblePrimitives as p } from './noble.ts'
import { blockVectors, structVectors } from './testing/envelope-vectors.ts'
import { hex, readVectors, toHex } from './testing/vectors.ts'
import { openCell } from './themis/cell.ts'
import { kdf, kdfWithoutKey } from './themis/kdf.ts'
import { publicKeyOf, scalarOf } from './themis/keys.ts'
import { decryptMessage, verifyMessage } from './themis/message.ts'
import { SecureSession } from './themis/session.ts'

test('cells and derived keys are those of Themis', () => {
  const { cells, soter_kdf } = readVectors<{
    cells: { mode: string; key: string; context: string; plaintext: string; cell: string }[]
    soter_kdf: { key: string; label: string; contexts: string[]; out_len: number; out: string }[]
  }>('themis-cell')
  const sealed = cells.filter(({ mode }) => mode === 'seal-key')
  assert.equal(sealed.length, 5)
  for (const { key, context, plaintext, cell } of sealed) {
    assert.equal(toHex(openCell(p, hex(key), hex(cell), hex(context))), plaintext)
  }
  for (const { key, label, contexts, out_len, out } of soter_kdf) {
    const parts = contexts.map(hex)
    const derived =
      key === '' ? kdfWithoutKey(p, label, parts, out_len) : kdf(p, hex(key), label, parts, out_len)
    assert.equal(toHex(derived), out)
  }
})

test('key pairs are those of Themis', () => {
  const { keypairs } = readVectors<{
    keypairs: { private_container: string; public_container: string }[]
  }>('themis-keys')
  assert.ok(keypairs.length > 0)
  for (const { private_container, public_container } of keypairs) {
    assert.equal(toHex(publicKeyOf(p, hex(private_container))), public_container)
  }
})

test('messages of Themis open and verify', () => {
  const { messages, leading_zero_shared_secret } = readVectors<{
    messages: Record<string, string>[]
    leading_zero_shared_secret: Record<string, string>
  }>('themis-message')
  for (const vector of [...messages, leading_zero_shared_secret]) {
    const [recipient, sender] = [hex(vector.recipient_private), hex(vector.sender_public)]
    const opened = decryptMessage(p, recipient, sender, hex(vector.encrypted))
    assert.equal(toHex(opened), vector.plaintext)
    if (vector.signed === undefined) continue
    assert.equal(toHex(verifyMessage(p, sender, hex(vector.signed))), vector.plaintext)
  }
})

test('envelopes of Acra open, in containers and bare', () => {
  const out = new ValueSink()
  const opens = (opener: ReturnType<typeof openerOf>, envelope: Uint8Array, plain: Uint8Array) => {
    assert.ok(openEnvelopes(envelope, 0, envelope.length, opener, out))
    assert.equal(toHex(out.take()), toHex(plain))
  }
  assert.ok(blockVectors.length > 0 && structVectors.length > 0)
  for (const { key, context, plain, bare, contained } of blockVectors) {
    const opener = openerOf([new BlockKey(p, key, context)], [])
    for (const envelope of [bare, contained]) opens(opener, envelope, plain)
  }
  for (const { key, context, plain, bare, contained } of structVectors) {
    const opener = openerOf([], [new StructPrivateKey(p, key)], context)
    for (const envelope of [bare, contained]) opens(opener, envelope, plain)
  }
})

test('a recorded Secure Session of Themis is gone through on the side of the server', () => {
  interface Side {
    sign_private: string
    sign_public: string
    ephemeral_private: string
    id_utf8: string
  }
  const { transcripts } = readVectors<{
    transcripts: (Record<'message1' | 'message3' | 'message4', string> & {
      client: Side
      server: Side
    })[]
  }>('themis-session-transcript')
  for (const { client, server, message1, message3, message4 } of transcripts) {
    const session = new SecureSession(
      { ...p, newScalar: () => scalarOf(hex(server.ephemeral_private)) },
      {
        role: 'server',
        id: new TextEncoder().encode(server.id_utf8),
        privateKey: hex(server.sign_private),
        publicKeyOf: () => hex(client.sign_public),
        clock: () => 0,
      },
    )
    session.negotiate(hex(message1))
    assert.equal(toHex(session.negotiate(hex(message3)) ?? new Uint8Array(0)), message4)
  }
})
