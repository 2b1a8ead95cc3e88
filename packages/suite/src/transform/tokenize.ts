import type { Sink } from '@acra-ts/crypto'
import { explained, type Soon, soon } from '../foundation/index.ts'
import { isZone, ownerName, zoneOwner } from './key-owner.ts'
import { keyMissing, nameOf } from './seal.ts'
import type { ColumnSetting, Tokenization, TokenType } from './settings/index.ts'
import { decodeTokenText, encodeTokenText } from './token-values.ts'
import { DisabledTokenError, NoTokenLeftError, TokenVault } from './token-vault.ts'
import { type Access, type Column, type Transform, TransformError } from './transform.ts'

/** Another value of the same type stands in the database; a store knows what it stands for. */
export const tokenizing: Transform = {
  name: 'tokenization',
  column: (setting) =>
    setting.tokenization === null ? null : tokenizedColumn(setting, setting.tokenization),
}

/**
 * Stored is a token: numbers as decimal text, everything else as bytes (spec: acra-envelopes §7). The records are of the column's own client,
 * or of the connection's, and sealed with its keys. An unknown or disabled token stays as it is. An empty value stays empty.
 */
function tokenizedColumn(setting: ColumnSetting, { type, consistent }: Tokenization): Column {
  return {
    search: consistent
      ? {
          prefixSize: null,
          forms: (plain, access) => {
            if (plain.length === 0) return [plain]
            return withVault(setting, type, access, (vault) => {
              const value = plainValue(setting, type, plain)
              return soon(isRestored(vault, value, access), (isToken) =>
                isToken
                  ? [decodeTokenText(type, value)!]
                  : soon(vault.find(value), (token) => [decodeTokenText(type, token)!]),
              )
            })
          },
          keptForms: () => null,
        }
      : null,
    // A genuine value may look like a token.
    keep: () => false,
    protect(plain, access, out) {
      if (plain.length === 0) return
      return explained(
        () =>
          withVault(setting, type, access, (vault) => {
            const value = plainValue(setting, type, plain)
            return soon(isRestored(vault, value, access), (isToken) => {
              if (isToken) return append(out, decodeTokenText(type, value)!)
              return soon(consistent ? vault.consistent(value) : vault.tokenize(value), (token) => {
                append(out, decodeTokenText(type, token)!)
                access.observer?.tokenized(type, true)
              })
            })
          }),
        (error) => {
          access.observer?.tokenized(type, false)
          return error
        },
      )
    },
    reveal(stored, access, out) {
      const token = encodeTokenText(type, stored)
      if (token === null || token.length === 0) return false
      const owner = readingOwner(setting, access)
      return owner === null ? false : revealed(type, owner, token, access, out)
    },
  }
}

/** Whether a value is a token that goes back to where it came from: only where a dump is being restored. */
function isRestored(vault: TokenVault, value: Buffer, access: Access): Soon<boolean> {
  return access.tokens?.restores === true && vault.has(value)
}

/** Whose records a token is looked up in; null where it is of a zone that is not in force (spec: acra-server §12). */
function readingOwner({ clientId }: ColumnSetting, { keys, clientId: own }: Access): string | null {
  if (clientId === null || !isZone(clientId)) return own
  return keys.zone !== null && zoneOwner(keys.zone) === clientId ? clientId : null
}

function plainValue(setting: ColumnSetting, type: TokenType, plain: Uint8Array): Buffer {
  const value = encodeTokenText(type, plain)
  if (value !== null) return value
  const text = `a value for ${nameOf(setting)} is none of the type ${type}`
  throw new TransformError('transform-not-tokenized', text)
}

/** What `next` does with the records of the owner of the column's values. Throws TransformError where that fails. */
function withVault<R>(
  setting: ColumnSetting,
  type: TokenType,
  access: Access,
  next: (vault: TokenVault) => Soon<R>,
): Soon<R> {
  const owner = setting.clientId ?? access.clientId
  return explained(
    () =>
      access.keys.toTokens(owner, (keys) => {
        if (keys.length === 0) throw keyMissing(setting, owner, 'symmetric storage key')
        return next(new TokenVault(type, access, owner, keys))
      }),
    (cause) => {
      if (cause instanceof TransformError) return cause
      return new TransformError('transform-not-tokenized', reasonOf(cause, setting, owner), {
        cause,
      })
    },
  )
}

function reasonOf(cause: unknown, setting: ColumnSetting, owner: string): string {
  if (cause instanceof NoTokenLeftError)
    return `can't generate new random value for ${nameOf(setting)}: its values are too short for more tokens`
  if (cause instanceof DisabledTokenError)
    return `the token of a value for ${nameOf(setting)} is disabled`
  return `a token for ${nameOf(setting)} of ${ownerName(owner)} can be neither found nor made`
}

/** Appends what a token stands for. What cannot be resolved stays as it is, and is told where that is not its own doing. */
function revealed(
  type: TokenType,
  owner: string,
  token: Buffer,
  access: Access,
  out: Sink,
): Soon<boolean> {
  const counted = (shown: boolean): boolean => {
    access.observer?.detokenized(type, shown)
    return shown
  }
  const failed = (error: unknown): boolean => {
    access.observer?.tokenFailed(error)
    return counted(false)
  }
  const show = (value: Buffer | null): boolean => {
    const text = value === null ? null : decodeTokenText(type, value)
    if (text !== null) append(out, text)
    value?.fill(0)
    return counted(text !== null)
  }
  try {
    const done = access.keys.toTokens(owner, (keys) =>
      soon(new TokenVault(type, access, owner, keys).detokenize(token), show),
    )
    return done instanceof Promise ? done.catch(failed) : done
  } catch (error) {
    return failed(error)
  }
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
