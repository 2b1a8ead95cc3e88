import type { Release } from '../../options/index.ts'
import { type ColumnDefaults, readEnvelope } from './column-entry.ts'
import type { Problems } from './config-error.ts'
import type { DatabaseTraits } from './database-traits.ts'
import {
  type EncryptorConfig,
  encryptorConfig,
  type OnUnprotected,
  type TableSetting,
  type TrustedFunction,
} from './encryptor-config.ts'
import { EntryReader, labelBy, type Read } from './entry-reader.ts'
import { readTable, type TableDefaults } from './table-entry.ts'
import { parseYaml, type YamlValue } from './yaml-tree.ts'

/** What the program's own options say. */
export interface InstallationDefaults {
  readonly onUnprotected: OnUnprotected
  /** Whose defaults hold for a file that does not say its version; 0.96 if absent. */
  readonly release?: Release
}

const topKeys = [
  'version',
  'database_settings',
  'database_config', // An older name, of which no setting concerns PostgreSQL.
  'defaults',
  'schemas',
  'trusted_functions',
  'unlisted_tables',
]
const defaultsKeys = ['crypto_envelope', 'reencrypting_to_acrablocks', 'consistent_tokenization']
const mysqlKeys = ['case_sensitive_table_identifiers', 'prepared_statements_set_arg_delimiter']

/** Versions of the original, and our own. */
const knownVersion = /^0\.(?:9[0-6]|1)(?:\.\d+)?$/
/** Those that encrypted into AcraStructs if nothing else was said. */
const structVersion = /^0\.9[01](?:\.|$)/

/**
 * Reads an encryptor config (spec: encryptor-config §2, §3). `file` is its name for messages only. A file that says
 * nothing gives a config that protects nothing. Throws EncryptorConfigError with all problems of the text.
 */
export function loadEncryptorConfig(
  text: string,
  file: string,
  database: DatabaseTraits,
  installation: InstallationDefaults,
): EncryptorConfig {
  const { root, problems } = parseYaml(text, file)
  problems.throwIfAny()
  const config = readRoot(root, problems, database, installation)
  problems.throwIfAny()
  return config
}

/** The config of a server that has none: nothing is protected. */
export function noEncryptorConfig(installation: InstallationDefaults): EncryptorConfig {
  return encryptorConfig({ tables: [], trusted: [], ...installation })
}

function readRoot(
  root: YamlValue | null,
  problems: Problems,
  database: DatabaseTraits,
  installation: InstallationDefaults,
): EncryptorConfig {
  if (root === null) return noEncryptorConfig(installation)
  if (root.kind !== 'map') {
    problems.add(root.offset, 'the file must be a map with the key "schemas"')
    return noEncryptorConfig(installation)
  }
  const entry = new EntryReader(root, '', problems)
  entry.refuseUnknown(topKeys)
  const version = readVersion(entry)
  checkDatabaseSettings(entry)
  const defaults = {
    column: readDefaults(entry, installation, version ?? installation.release ?? null),
    database,
  }
  return encryptorConfig({
    tables: readTables(entry, defaults),
    trusted: readTrustedFunctions(entry),
    trustsUnlisted: readUnlistedTables(entry),
    onUnprotected: installation.onUnprotected,
  })
}

function readVersion(entry: EntryReader): string | null {
  const version = entry.text('version')
  if (version === null) return null
  if (!knownVersion.test(version.value)) {
    const text = `"${version.value}" is not a version from 0.90 to 0.96`
    entry.problem(version.offset, text, 'version')
  }
  return version.value
}

/** What MySQL's dialect reads is checked and kept for it; PostgreSQL has no setting of this kind. */
function checkDatabaseSettings(entry: EntryReader): void {
  const settings = innerMap(entry, 'database_settings')
  if (settings === null) return
  settings.refuseUnknown(['mysql', 'postgresql'])
  innerMap(settings, 'postgresql')?.refuseUnknown([])
  const mysql = innerMap(settings, 'mysql')
  mysql?.refuseUnknown(mysqlKeys)
  mysql?.boolean('case_sensitive_table_identifiers')
  mysql?.text('prepared_statements_set_arg_delimiter')
}

function readDefaults(
  entry: EntryReader,
  installation: InstallationDefaults,
  version: string | null,
): ColumnDefaults {
  const defaults = innerMap(entry, 'defaults')
  defaults?.refuseUnknown(defaultsKeys)
  return {
    envelope:
      (defaults && readEnvelope(defaults)) ??
      (structVersion.test(version ?? '') ? 'acrastruct' : 'acrablock'),
    reencryptsToAcraBlock: defaults?.boolean('reencrypting_to_acrablocks')?.value ?? true,
    consistentTokenization: defaults?.boolean('consistent_tokenization')?.value ?? false,
    onUnprotected: installation.onUnprotected,
    mustSayTokenized: /^0\.90(?:\.|$)/.test(version ?? ''),
  }
}

function innerMap(entry: EntryReader, key: string): EntryReader | null {
  const map = entry.map(key)
  return map === null ? null : entry.inner(map, key)
}

function readTables(entry: EntryReader, defaults: TableDefaults): readonly TableSetting[] {
  const tables: Read<TableSetting>[] = []
  for (const item of entry.list('schemas')?.items ?? []) {
    if (item.kind !== 'map') {
      entry.problem(item.offset, 'every item must be a map with the key "table"', 'schemas')
      continue
    }
    const table = readTable(entry.inner(item, labelBy('table', item)), defaults)
    if (table !== null) tables.push(table)
  }
  refuseTwice(entry, tables)
  return tables.map(({ value }) => value)
}

/** One table may stand only once. */
function refuseTwice(entry: EntryReader, tables: readonly Read<TableSetting>[]): void {
  const known = new Set<string>()
  for (const { value, offset } of tables) {
    const { schema, name } = value
    const key = JSON.stringify([schema, name])
    if (known.has(key)) entry.problem(offset, 'the table is listed twice', `table "${name}"`)
    known.add(key)
  }
}

/** True for `trust`. */
function readUnlistedTables(entry: EntryReader): boolean {
  const read = entry.text('unlisted_tables')
  if (read === null || read.value === 'refuse') return false
  if (read.value === 'trust') return true
  entry.problem(read.offset, `"${read.value}": must be "refuse" or "trust"`, 'unlisted_tables')
  return false
}

/** Entries are `name`, `schema.name` and `schema.*`. */
function readTrustedFunctions(entry: EntryReader): readonly TrustedFunction[] {
  const trusted: TrustedFunction[] = []
  for (const { value, offset } of entry.texts('trusted_functions') ?? []) {
    const parts = /^(?:([^.*]+)\.)?([^.*]+|\*)$/.exec(value)
    if (parts === null || (parts[1] === undefined && parts[2] === '*')) {
      const text = `"${value}": must be "name", "schema.name" or "schema.*"`
      entry.problem(offset, text, 'trusted_functions')
      continue
    }
    trusted.push({ schema: parts[1] ?? null, name: parts[2] === '*' ? null : parts[2] })
  }
  return trusted
}
