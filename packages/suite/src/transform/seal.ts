import { type Sink, sealBlockInContainer, sealStructInContainer } from '@acra-ts/crypto'
import { explained, type Soon } from '../foundation/index.ts'
import { contextOf, ownerName } from './key-owner.ts'
import type { ColumnSetting } from './settings/index.ts'
import { type Access, TransformError } from './transform.ts'

/**
 * Appends `plain` (not empty) as an envelope of the column's kind with the keys of `clientId`. Throws TransformError where it cannot:
 * nothing is appended then.
 */
export function seal(
  setting: ColumnSetting,
  clientId: string,
  plain: Uint8Array,
  access: Access,
  out: Sink,
): Soon<void> {
  return explained(
    () =>
      setting.envelope === 'acrablock'
        ? access.keys.toSealBlock(clientId, (key) => {
            if (key === null) throw keyMissing(setting, clientId, 'symmetric storage key')
            sealBlockInContainer(key, plain, out)
            access.observer?.sealed('acrablock')
          })
        : access.keys.toSealStruct(clientId, (key) => {
            if (key === null) throw keyMissing(setting, clientId, 'storage public key')
            sealStructInContainer(key, plain, out, contextOf(clientId))
            access.observer?.sealed('acrastruct')
          }),
    (error) => {
      access.observer?.notSealed(setting.envelope)
      return notEncrypted(setting, clientId, error)
    },
  )
}

/** The error for a key that a client needs and does not have. */
export function keyMissing(setting: ColumnSetting, clientId: string, key: string): TransformError {
  const text = `${ownerName(clientId)} has no ${key}, so that ${nameOf(setting)} cannot be encrypted`
  return new TransformError('transform-key-missing', text)
}

function notEncrypted(setting: ColumnSetting, clientId: string, cause: unknown): TransformError {
  if (cause instanceof TransformError) return cause
  const text = `a value of ${nameOf(setting)} cannot be encrypted with the keys of ${ownerName(clientId)}`
  return new TransformError('transform-not-encrypted', text, { cause })
}

/** How messages name a column. */
export function nameOf({ table, column }: ColumnSetting): string {
  return `"${table}"."${column}"`
}
