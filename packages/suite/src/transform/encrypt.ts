import { type Envelope, identify, openerOf, type Sink } from '@acra-ts/crypto'
import { BufferSink, lastly, type Soon } from '../foundation/index.ts'
import { anyColumn } from './any-column.ts'
import { nameOf, seal } from './seal.ts'
import type { ColumnSetting } from './settings/index.ts'
import { type Access, type Column, type Transform, TransformError } from './transform.ts'

/** Plain encryption: what a column is for that no other transform asks for. */
export const encryption: Transform = { name: 'encryption', column: encryptedColumn }

/**
 * New values are sealed with the keys of the column's own client, or of the connection's; an envelope that the application
 * supplies is kept, or re-encrypted (spec: acra-envelopes §3). An empty value stays empty.
 */
export function encryptedColumn(setting: ColumnSetting): Column {
  return {
    search: null,
    reveal: anyColumn.reveal,
    protect(plain, access, out) {
      if (plain.length === 0) return
      const clientId = setting.clientId ?? access.clientId
      const envelope = identify(plain)
      // What follows an AcraBlock is not encrypted: such a value is sealed as a whole.
      if (envelope === null || !envelope.whole) return seal(setting, clientId, plain, access, out)
      const reencrypts = setting.envelope === 'acrablock' && setting.reencryptsToAcraBlock
      if (envelope.kind === 'acrastruct' && reencrypts) {
        return reencrypt(setting, clientId, plain, envelope, access, out)
      }
      const at = out.reserve(plain.length)
      out.bytes.set(plain, at)
    },
  }
}

/** Opens an AcraStruct with the keys of the client that it is stored for, and seals its payload as an AcraBlock. */
function reencrypt(
  setting: ColumnSetting,
  clientId: string,
  plain: Uint8Array,
  { start, end }: Envelope,
  access: Access,
  out: Sink,
): Soon<void> {
  const payload = new BufferSink()
  return lastly(
    () =>
      access.keys.toOpen(
        clientId,
        ({ structKeys }) => {
          if (!openerOf([], structKeys).open('acrastruct', plain, start, end, payload)) {
            access.observer?.notOpened('acrastruct')
            throw notReencrypted(setting, clientId)
          }
          access.observer?.opened('acrastruct')
          return seal(setting, clientId, payload.bytes.subarray(0, payload.length), access, out)
        },
        (kind, error) => {
          if (kind === 'acrastruct') throw notReencrypted(setting, clientId, error)
        },
      ),
    () => payload.truncate(0),
  )
}

function notReencrypted(setting: ColumnSetting, clientId: string, cause?: unknown): TransformError {
  const text = `an AcraStruct given for ${nameOf(setting)} cannot be opened with the keys of client "${clientId}"`
  return new TransformError('transform-not-reencrypted', text, { cause })
}
