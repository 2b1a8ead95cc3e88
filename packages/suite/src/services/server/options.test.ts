import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loggingOptions } from '../../observe/index.ts'
import {
  ConfigurationError,
  configurationOptions,
  dumpText,
  joined,
  type OptionTable,
  type OptionValues,
  parseCommandLine,
  problemText,
  readConfigFile,
  settle,
} from '../../options/index.ts'
import { serverOptions } from './options.ts'

const table: OptionTable = joined(joined(configurationOptions, loggingOptions), serverOptions)

const folder = mkdtempSync(join(tmpdir(), 'acra-server-options-'))
after(() => rmSync(folder, { recursive: true }))

const files = ['ca', 'cert', 'key', 'auth']
const ocsp = ['url', 'required', 'from_cert', 'check_only_leaf_certificate']
const crl = ['url', 'from_cert', 'check_only_leaf_certificate', 'cache_size', 'cache_time']

/** The TLS flags of a side or service: acra-server.md §2.7. */
function tls(prefix: string, side: string): string[] {
  return [
    ...files.map((name) => `${prefix}${side}${name}`),
    ...ocsp.map((name) => `${prefix}ocsp_${side}${name}`),
    ...crl.map((name) => `${prefix}crl_${side}${name}`),
  ]
}

/** Every flag of AcraServer 0.90 and 0.96: acra-server.md §2.3 to §2.8. */
const known = `
  config_file dump_config generate_markdown_args_table db_host db_port mysql_enable postgresql_enable client_id
  securesession_id auth_keys acracensor_config_file encryptor_config_file encryptor_config_storage_type token_db
  sql_parse_on_error_exit_enable audit_log_enable zonemode_enable ds incoming_connection_close_timeout
  pgsql_hex_bytea pgsql_escape_bytea acrastruct_wholecell_enable acrastruct_injectedcell_enable
  incoming_connection_host incoming_connection_port incoming_connection_string incoming_connection_api_port
  incoming_connection_api_string incoming_connection_prometheus_metrics_string http_api_enable
  http_api_tls_transport_enable v d log_to_console log_to_file logging_format tracing_log_enable
  tracing_jaeger_enable jaeger_agent_endpoint jaeger_collector_endpoint jaeger_basic_auth_username
  jaeger_basic_auth_password poison_detect_enable poison_shutdown_enable poison_run_script_file keys_dir
  keystore_cache_size keystore_cache_on_start_enable redis_host_port redis_password redis_db_keys redis_db_tokens
  redis_tls_enable vault_connection_api_string vault_secrets_path vault_tls_transport_enable vault_tls_ca_path
  keystore_encryption_type kms_type kms_credentials_path consul_connection_api_string consul_kv_config_path
  consul_tls_enable tls_client_id_from_cert tls_identifier_extractor_type tls_db_sni tls_database_sni
  redis_tls_client_sni vault_tls_client_sni consul_tls_client_sni acraconnector_tls_transport_enable
  acraconnector_transport_encryption_disable`
  .trim()
  .split(/\s+/)
  .concat(tls('tls_', ''), tls('tls_', 'client_'), tls('tls_', 'database_'))
  .concat(...['redis', 'vault', 'consul'].map((service) => tls(`${service}_tls_`, 'client_')))

function commandLine(...words: string[]): OptionValues<typeof serverOptions> {
  const { values } = settle(table, parseCommandLine(table, words).given, new Map())
  return values as OptionValues<typeof serverOptions>
}

function refusals(...words: string[]): string[] {
  try {
    commandLine(...words)
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return error.problems.map(problemText)
  }
  return []
}

test('every flag of both releases is known, and each is written as a sentence of one line', () => {
  assert.deepEqual(
    known.filter((name) => table[name] === undefined),
    [],
  )
  for (const [name, { usage }] of Object.entries(table)) {
    assert.match(name, /^[a-z_]+$/)
    assert.match(usage, /^\S[^\n]*[^.\s]$/, name)
  }
})

test('the defaults are those of 0.96, but what does not exist yet is off', () => {
  const values = commandLine()
  assert.deepEqual(
    [
      values.db_host,
      values.db_port,
      values.incoming_connection_string,
      values.incoming_connection_close_timeout,
      values.keys_dir,
      values.keystore_cache_size,
      values.keystore_cache_on_start_enable,
    ],
    ['', 5432, 'tcp://0.0.0.0:9393/', 10, '.acrakeys', 1000, true],
  )
  assert.deepEqual(
    [values.on_unprotected, values.decrypt_unconfigured, values.max_held_message],
    ['refuse', true, 67_108_864],
  )
  assert.deepEqual(
    [values.statement_size_max, values.startup_timeout, values.message_timeout],
    [16_777_216, 60, 60],
  )
  assert.deepEqual([values.plan_cache_size, values.plan_cache_bytes], [4096, 67_108_864])
  assert.deepEqual(
    [values.tls_client_id_from_cert, values.poison_detect_enable, values.redis_db_keys],
    [true, false, -1],
  )
})

test('a file that says every default is accepted, and says nothing new', () => {
  const path = join(folder, 'all.yaml')
  const lines = Object.entries(table)
    .filter(([name]) => name !== 'version')
    .map(([name, option]) => `${name}: ${option.default}\n`)
  writeFileSync(path, `version: 0.96.0\n${lines.join('')}`)
  const { values, warnings } = settle(table, new Map(), readConfigFile(path, table, '0.1.0', false))
  assert.deepEqual(values, settle(table, new Map(), new Map()).values)
  assert.deepEqual(warnings, [])
})

test('a dumped file can be read again', () => {
  const path = join(folder, 'dump.yaml')
  writeFileSync(path, dumpText(table, '0.1.0'))
  const { values } = settle(table, new Map(), readConfigFile(path, table, '0.1.0', false))
  assert.deepEqual(values, settle(table, new Map(), new Map()).values)
})

test('what asks for a protection that does not exist yet is refused', () => {
  const words = [
    '--mysql_enable',
    '--consul_tls_ocsp_client_url=http://localhost',
    '--consul_tls_crl_client_from_cert=use',
    '--acracensor_config_file=censor.yaml',
    '--encryptor_config_storage_type=consul',
  ]
  for (const word of words) {
    const [refused] = refusals(word)
    assert.ok(refused?.startsWith(word) && refused.includes('does not have yet'), word)
  }
})

test('with 0.90 what is left out means what it meant there', () => {
  const path = join(folder, 'old.yaml')
  writeFileSync(path, 'version: 0.90.0\npoison_detect_enable:\n')
  const inFile = readConfigFile(path, table, '0.1.0', false)
  const flag = new Map([['compatibility', { value: '0.90', origin: null }]])
  for (const [given, file] of [
    [new Map(), inFile],
    [flag, new Map()],
  ] as const) {
    const { values } = settle(table, given, file)
    assert.equal(values.poison_detect_enable, true)
    assert.equal(values.tls_client_id_from_cert, false)
    assert.equal(values.keystore_cache_size, 0)
    assert.equal(values.keystore_cache_on_start_enable, false)
  }
  const said = new Map([['keystore_cache_size', { value: 5, origin: null }]])
  assert.equal(settle(table, said, inFile).values.keystore_cache_size, 5)
  const newer = new Map([['compatibility', { value: '0.96', origin: null }]])
  assert.equal(settle(table, newer, inFile).values.poison_detect_enable, false)
})

test('what turns off what does not exist yet is accepted', () => {
  const off = [
    '--consul_tls_ocsp_client_url=',
    '--consul_tls_crl_client_check_only_leaf_certificate=false',
  ]
  assert.deepEqual(
    refusals(...off, '--token_db=', '--redis_db_keys=-1', '--mysql_enable=false'),
    [],
  )
})
