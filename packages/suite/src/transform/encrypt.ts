import type { Sink } from '@acra-ts/crypto'
import { type Soon, soon } from '../foundation/index.ts'
import { anyColumn } from './any-column.ts'
import { seal } from './seal.ts'
import type { ColumnSetting } from './settings/index.ts'
import { withSupplied } from './supplied.ts'
import type { Access, Column, Transform } from './transform.ts'

/** Plain encryption: what a column is for that no other transform asks for. */
export const encryption: Transform = { name: 'encryption', column: encryptedColumn }

/**
 * New values are sealed with the keys of the column's own client, or of the connection's; an envelope that the application
 * supplies and those keys open is kept, or re-encrypted (spec: acra-envelopes §3). An empty value stays empty.
 */
export function encryptedColumn(setting: ColumnSetting): Column {
  const keep: Column['keep'] = (stored, access, out) => kept(setting, stored, access, out, true)
  return {
    search: null,
    reveal: anyColumn.reveal,
    keep,
    protect(plain, access, out) {
      if (plain.length === 0) return
      const clientId = setting.clientId ?? access.clientId
      return soon(keep(plain, access, out), (isKept) =>
        isKept ? undefined : seal(setting, clientId, plain, access, out),
      )
    },
  }
}

/** Appends what is stored for a value that is stored already; false, nothing appended, where it is none. `withHash`: a search hash may stand before it. */
export function kept(
  setting: ColumnSetting,
  stored: Uint8Array,
  access: Access,
  out: Sink,
  withHash: boolean,
): Soon<boolean> {
  if (setting.onEnvelope === 'seal') return false
  const owner = setting.clientId ?? access.clientId
  return withSupplied(setting, owner, stored, access, (supplied) => {
    if (supplied === null || (supplied.isHashed && !withHash)) return false
    const reencrypts = setting.envelope === 'acrablock' && setting.reencryptsToAcraBlock
    if (supplied.kind === 'acrastruct' && reencrypts && !supplied.isHashed) {
      access.observer?.opened('acrastruct')
      return soon(seal(setting, owner, supplied.plain, access, out), () => true)
    }
    append(out, stored)
    return true
  })
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
