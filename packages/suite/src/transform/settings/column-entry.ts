import type { EnvelopeKind } from '@acra-ts/crypto'
import { isClientId, isZoneId } from '../../keystore/index.ts'
import { type DataType, dataTypeNamed, laterDataTypes } from '../data-type.ts'
import { zoneOwner } from '../key-owner.ts'
import type { ColumnSetting, OnUnprotected } from './encryptor-config.ts'
import type { EntryReader } from './entry-reader.ts'
import { laterOptions, refuseLaterOptions } from './later-options.ts'

/** What a column takes from elsewhere where its own entry is silent. */
export interface ColumnDefaults {
  readonly envelope: EnvelopeKind
  readonly reencryptsToAcraBlock: boolean
  readonly onUnprotected: OnUnprotected
}

const columnKeys = [
  'column',
  'client_id',
  'zone_id',
  'crypto_envelope',
  'reencrypting_to_acrablocks',
  'searchable',
  'data_type',
  'response_on_fail',
  'on_unprotected',
  ...Object.keys(laterOptions),
]

/** Reads one entry of `encrypted`, named `column`. Problems are told to `entry`; what comes back then is not to be used. */
export function readColumn(
  entry: EntryReader,
  table: string,
  column: string,
  defaults: ColumnDefaults,
): ColumnSetting {
  entry.refuseUnknown(columnKeys)
  refuseLaterOptions(entry)
  checkResponseOnFail(entry)
  const searchable = entry.boolean('searchable')?.value ?? false
  const zone = entry.text('zone_id')
  if (searchable && zone !== null && zone.value !== '')
    entry.problem(zone.offset, 'cannot be searchable: use "client_id"', 'zone_id')
  return {
    table,
    column,
    clientId: readZone(entry) ?? readClientId(entry),
    envelope: readEnvelope(entry) ?? defaults.envelope,
    reencryptsToAcraBlock:
      entry.boolean('reencrypting_to_acrablocks')?.value ?? defaults.reencryptsToAcraBlock,
    searchable,
    equality: searchable ? 'prefix' : 'none',
    dataType: readDataType(entry),
    onUnprotected: readOnUnprotected(entry) ?? defaults.onUnprotected,
  }
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

function readDataType(entry: EntryReader): DataType | null {
  const read = entry.text('data_type')
  if (read === null || read.value === '' || read.value === 'Unknown') return null
  const dataType = dataTypeNamed(read.value)
  if (dataType !== null) return dataType
  const text = laterDataTypes.includes(read.value)
    ? `"${read.value}" is not in this version yet: use "str" or "bytes", or remove the option`
    : `${read.value}: unknown token type: must be "str" or "bytes"`
  entry.problem(read.offset, text, 'data_type')
  return null
}

function checkResponseOnFail(entry: EntryReader): void {
  const read = entry.text('response_on_fail')
  if (read === null) return
  switch (read.value) {
    case '':
    case 'ciphertext':
      return
    case 'default_value':
    case 'error':
      entry.problem(
        read.offset,
        `"${read.value}" is not in this version yet: use "ciphertext", or remove the option`,
        'response_on_fail',
      )
      return
    default:
      entry.problem(
        read.offset,
        `unknown response_on_fail value: '${read.value}': must be "ciphertext"`,
        'response_on_fail',
      )
  }
}

function readOnUnprotected(entry: EntryReader): OnUnprotected | null {
  const read = entry.text('on_unprotected')
  if (read === null) return null
  if (read.value === 'refuse' || read.value === 'pass') return read.value
  entry.problem(read.offset, `"${read.value}": must be "refuse" or "pass"`, 'on_unprotected')
  return null
}
