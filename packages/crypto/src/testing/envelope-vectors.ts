/** The vectors of AcraStructs and AcraBlocks, of Themis primitives and of Acra 0.90 and 0.96, in one list per kind. */
import { hex, readVectors, toHex, utf8 } from './vectors.ts'

interface EnvelopeFile {
  acrastructs: {
    storage_private: string
    storage_public: string
    zone_or_additional_context: string
    plaintext: string
    acrastruct: string
    in_container: string
  }[]
  acrablocks: {
    key: string
    context: string
    plaintext: string
    acrablock: string
    in_container: string
  }[]
  acra_0_90: {
    acrablock: {
      context: string
      data: string
      data_with_context: string
      key: string
      plain: string
    }
    acrastruct: {
      data: string
      plain: string
      private: string
      public: string
      zone_data: string
      zone_id: string
      zone_plain: string
    }
    container_acrablock: string
    container_acrastruct: string
    poison_acrablock: string
    poison_acrastruct: string
    search_hash: { data: string; hash: string; key: string }
    poison_keys: { private: string; public: string; symmetric: string }
  }
  acra_0_96: { acrablock: { key: string; plain: string; data: string } }
}

export interface EnvelopeVector {
  readonly from: string
  readonly key: Uint8Array
  readonly context: Uint8Array
  readonly plain: Uint8Array
  readonly bare: Uint8Array
  readonly contained: Uint8Array
}

const file = readVectors<EnvelopeFile>('acrastruct')
const { acra_0_90: old, acra_0_96: recent } = file
const none = new Uint8Array(0)

export const blockVectors: readonly EnvelopeVector[] = [
  ...file.acrablocks.map((vector) => ({
    from: 'Themis primitives',
    key: hex(vector.key),
    context: hex(vector.context),
    plain: hex(vector.plaintext),
    bare: hex(vector.acrablock),
    contained: hex(vector.in_container),
  })),
  {
    from: 'Acra 0.90',
    key: hex(old.acrablock.key),
    context: none,
    plain: utf8(old.acrablock.plain),
    bare: hex(old.acrablock.data),
    contained: hex(old.container_acrablock),
  },
  {
    from: 'Acra 0.90 with a context',
    key: hex(old.acrablock.key),
    context: utf8(old.acrablock.context),
    plain: utf8(old.acrablock.plain),
    bare: hex(old.acrablock.data_with_context),
    contained: contained(old.acrablock.data_with_context, 'f0'),
  },
  {
    from: 'Acra 0.96',
    key: hex(recent.acrablock.key),
    context: none,
    plain: utf8(recent.acrablock.plain),
    bare: hex(recent.acrablock.data),
    contained: contained(recent.acrablock.data, 'f0'),
  },
]

export const structVectors: readonly (EnvelopeVector & { readonly publicKey: Uint8Array })[] = [
  ...file.acrastructs.map((vector) => ({
    from: 'Themis primitives',
    key: hex(vector.storage_private),
    publicKey: hex(vector.storage_public),
    context: hex(vector.zone_or_additional_context),
    plain: hex(vector.plaintext),
    bare: hex(vector.acrastruct),
    contained: hex(vector.in_container),
  })),
  {
    from: 'Acra 0.90',
    key: hex(old.acrastruct.private),
    publicKey: hex(old.acrastruct.public),
    context: none,
    plain: utf8(old.acrastruct.plain),
    bare: hex(old.acrastruct.data),
    contained: hex(old.container_acrastruct),
  },
  {
    from: 'Acra 0.90 for a zone',
    key: hex(old.acrastruct.private),
    publicKey: hex(old.acrastruct.public),
    context: utf8(old.acrastruct.zone_id),
    plain: utf8(old.acrastruct.zone_plain),
    bare: hex(old.acrastruct.zone_data),
    contained: contained(old.acrastruct.zone_data, 'f1'),
  },
]

/** Poison records: their plaintext is random and not known. */
export const poisonVectors = {
  privateKey: hex(old.poison_keys.private),
  symmetricKey: hex(old.poison_keys.symmetric),
  struct: hex(old.poison_acrastruct),
  block: hex(old.poison_acrablock),
}

export const searchHashVector = {
  key: hex(old.search_hash.key),
  plain: utf8(old.search_hash.data),
  hash: hex(old.search_hash.hash),
}

function contained(envelope: string, kind: string): Uint8Array {
  const size = new DataView(new ArrayBuffer(8))
  size.setBigUint64(0, BigInt(envelope.length / 2 + 12), true)
  return hex(`252525${toHex(new Uint8Array(size.buffer))}${kind}${envelope}`)
}
