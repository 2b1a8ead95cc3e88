import type { EnvelopeKind } from '@acra-ts/crypto'
import { isClientId, isZoneId } from '../../keystore/index.ts'
import { zoneOwner } from '../key-owner.ts'
import { checkCombination } from './combinations.ts'
import type { DatabaseTraits } from './database-traits.ts'
import type { ColumnSetting, Equality, OnEnvelope, OnUnprotected } from './encryptor-config.ts'
import type { EntryReader } from './entry-reader.ts'
import { laterOptions, refuseLaterOptions } from './later-options.ts'
import {
  operationKeys,
  readMasking,
  readTokenization,
  type Tokenization,
} from './operation-entry.ts'
import { readValueOptions, valueKeys } from './value-entry.ts'

/** What a column takes from elsewhere where its own entry is silent. */
export interface ColumnDefaults {
  readonly envelope: EnvelopeKind
  readonly reencryptsToAcraBlock: boolean
  readonly consistentTokenization: boolean
  readonly onUnprotected: OnUnprotected
  /** In 0.90 a token type alone tokenized nothing. */
  readonly mustSayTokenized: boolean
}

const columnKeys = [
  'column',
  'client_id',
  'zone_id',
  'crypto_envelope',
  'reencrypting_to_acrablocks',
  'on_unprotected',
  'on_envelope',
  ...operationKeys,
  ...valueKeys,
  ...Object.keys(laterOptions),
]

/** Reads one entry of `encrypted`, named `column`. Problems are told to `entry`; what comes back then is not to be used. */
export function readColumn(
  entry: EntryReader,
  table: string,
  column: string,
  defaults: ColumnDefaults,
  database: DatabaseTraits,
): ColumnSetting {
  entry.refuseUnknown(columnKeys)
  refuseLaterOptions(entry)
  const searchable = entry.boolean('searchable')?.value ?? false
  const zone = entry.text('zone_id')
  if (searchable && zone !== null && zone.value !== '')
    entry.problem(zone.offset, 'cannot be searchable: use "client_id"', 'zone_id')
  const masking = readMasking(entry)
  const tokenization = readTokenization(entry, defaults)
  const envelope = readEnvelope(entry) ?? defaults.envelope
  const values = readValueOptions(entry, database)
  checkCombination(entry, { searchable, masking, tokenization, envelope, values })
  return {
    table,
    column,
    clientId: readZone(entry) ?? readClientId(entry),
    envelope,
    reencryptsToAcraBlock:
      entry.boolean('reencrypting_to_acrablocks')?.value ?? defaults.reencryptsToAcraBlock,
    onEnvelope: readOnEnvelope(entry, tokenization) ?? 'keep',
    searchable,
    masking,
    tokenization,
    equality: equalityOf(searchable, tokenization),
    dataType: values.dataType,
    onFail: values.onFail,
    onUnprotected: readOnUnprotected(entry) ?? defaults.onUnprotected,
  }
}

function equalityOf(searchable: boolean, tokenization: Tokenization | null): Equality {
  if (searchable) return 'prefix'
  return tokenization?.consistent ? 'whole' : 'none'
}

/** `crypto_envelope` of a column or of `defaults`; null where it is absent or wrong. */
export function readEnvelope(entry: EntryReader): EnvelopeKind | null {
  const read = entry.text('crypto_envelope')
  if (read === null || read.value === '') return null
  if (read.value === 'acrablock' || read.value === 'acrastruct') return read.value
  entry.problem(
    read.offset,
    `invalid CryptoEnvelopeType "${read.value}": must be "acrablock" or "acrastruct"`,
    'crypto_envelope',
  )
  return null
}

function readClientId(entry: EntryReader): string | null {
  const read = entry.text('client_id')
  if (read === null || read.value === '') return null
  if (isClientId(read.value)) return read.value
  entry.problem(
    read.offset,
    "invalid client ID: must be 5 to 256 digits, letters and '_', '-', ' ' characters",
    'client_id',
  )
  return null
}

/** The owner of a zone's keys. Where a client is named too the zone goes before it. spec: encryptor-config §2.2 */
function readZone(entry: EntryReader): string | null {
  const read = entry.text('zone_id')
  if (read === null || read.value === '') return null
  if (isZoneId(read.value)) return zoneOwner(read.value)
  const text = "invalid zone id: must be eight letters 'D' and sixteen ASCII letters"
  entry.problem(read.offset, text, 'zone_id')
  return null
}

function readOnUnprotected(entry: EntryReader): OnUnprotected | null {
  const read = entry.text('on_unprotected')
  if (read === null) return null
  if (read.value === 'refuse' || read.value === 'pass') return read.value
  entry.problem(read.offset, `"${read.value}": must be "refuse" or "pass"`, 'on_unprotected')
  return null
}

function readOnEnvelope(entry: EntryReader, tokenization: Tokenization | null): OnEnvelope | null {
  const read = entry.text('on_envelope')
  if (read === null) return null
  if (tokenization !== null) {
    const text = 'cannot be used along with "token_type": tokens are restored by --restore'
    entry.problem(read.offset, text, 'on_envelope')
    return null
  }
  if (read.value === 'keep' || read.value === 'seal') return read.value
  entry.problem(read.offset, `"${read.value}": must be "keep" or "seal"`, 'on_envelope')
  return null
}
