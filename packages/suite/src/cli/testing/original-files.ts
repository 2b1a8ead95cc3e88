/** The configuration files that the programs of Acra 0.90 and 0.96 write by `--dump_config`: every option with its default. spec: cli-tools §2 */

type Value = string | number | boolean
type Rows = Readonly<Record<string, Value>>

export type Release = '0.90.0' | '0.96.0'

const general: Rows = { config_file: '', dump_config: false, generate_markdown_args_table: false }
const format: Rows = { logging_format: 'plaintext' }
const logging: Rows = { ...format, log_to_console: true, log_to_file: '', v: false, d: false }
const tracing: Rows = {
  tracing_log_enable: false,
  tracing_jaeger_enable: false,
  jaeger_agent_endpoint: '',
  jaeger_collector_endpoint: '',
  jaeger_basic_auth_username: '',
  jaeger_basic_auth_password: '',
}
const ocsp: Rows = {
  url: '',
  required: 'denyUnknown',
  from_cert: 'prefer',
  check_only_leaf_certificate: false,
}
const crl: Rows = {
  url: '',
  from_cert: 'prefer',
  check_only_leaf_certificate: false,
  cache_size: 16,
  cache_time: 0,
}
const certificate: Rows = { ca: '', cert: '', key: '' }

function named(prefix: string, rows: Rows): Rows {
  return Object.fromEntries(Object.entries(rows).map(([name, value]) => [prefix + name, value]))
}

const tls: Rows = {
  ...named('tls_', { ...certificate, auth: 4 }),
  ...named('tls_ocsp_', ocsp),
  ...named('tls_crl_', crl),
}
const database: Rows = {
  ...named('tls_database_', { ...certificate, auth: -1, sni: '' }),
  ...named('tls_ocsp_database_', ocsp),
  ...named('tls_crl_database_', crl),
}
const service = (name: string): Rows => ({
  ...named(`${name}_tls_client_`, { ...certificate, auth: -1, sni: '' }),
  ...named(`${name}_tls_ocsp_client_`, ocsp),
  ...named(`${name}_tls_crl_client_`, crl),
})
const identity: Rows = { tls_cert: '', tls_identifier_extractor_type: 'distinguished_name' }

/** What differs between the releases in groups that several programs have. */
interface Groups {
  readonly redis: Rows
  readonly masterKey: Rows
  /** Of tools, which had none in 0.90. */
  readonly toolTls: Rows
  readonly identity: Rows
}

const redis: Rows = { redis_host_port: '', redis_password: '' }
const vault: Rows = {
  vault_connection_api_string: '',
  vault_secrets_path: 'secret/',
  vault_tls_transport_enable: false,
  vault_tls_ca_path: '',
  vault_tls_client_cert: '',
  vault_tls_client_key: '',
}
const groups: Readonly<Record<Release, Groups>> = {
  '0.90.0': { redis, masterKey: vault, toolTls: {}, identity },
  '0.96.0': {
    redis: { ...redis, redis_tls_enable: false, ...service('redis') },
    masterKey: {
      keystore_encryption_type: 'env_master_key',
      ...vault,
      ...service('vault'),
      kms_type: '',
      kms_credentials_path: '',
    },
    toolTls: tls,
    identity: { ...identity, tls_client_id_cert: '' },
  },
}

const bothDatabases: Rows = { redis_db_keys: -1, redis_db_tokens: -1 }
const keysDatabase: Rows = { redis_db_keys: 0 }
const poison: Rows = { poison_shutdown_enable: false, poison_run_script_file: '' }
const metrics: Rows = { incoming_connection_prometheus_metrics_string: '' }
const output: Rows = { keys_output_dir: '.acrakeys', keys_public_output_dir: '' }

function server(release: Release): Rows {
  const { redis, masterKey } = groups[release]
  const of90: Rows = {
    securesession_id: 'acra_server',
    auth_keys: 'configs/auth.keys',
    zonemode_enable: false,
    acraconnector_tls_transport_enable: false,
    acraconnector_transport_encryption_disable: false,
    poison_detect_enable: true,
    keystore_cache_size: 0,
    tls_client_id_from_cert: false,
    tls_db_sni: '',
    tls_ocsp_client_url: '',
    tls_ocsp_database_url: '',
    tls_crl_client_url: '',
    tls_crl_database_url: '',
    ...named('tls_database_', { ...certificate, auth: -1, sni: '' }),
  }
  const of96: Rows = {
    encryptor_config_storage_type: 'filesystem',
    http_api_tls_transport_enable: false,
    poison_detect_enable: false,
    keystore_cache_size: 1000,
    keystore_cache_on_start_enable: true,
    tls_client_id_from_cert: true,
    consul_connection_api_string: '',
    consul_kv_config_path: 'acra/encryptor_config',
    consul_tls_enable: false,
    ...service('consul'),
    ...named('tls_ocsp_client_', ocsp),
    ...named('tls_crl_client_', crl),
    ...database,
  }
  return {
    ...logging,
    ...tracing,
    ...metrics,
    db_host: '',
    db_port: 5432,
    mysql_enable: false,
    postgresql_enable: false,
    client_id: '',
    acracensor_config_file: '',
    encryptor_config_file: '',
    token_db: '',
    sql_parse_on_error_exit_enable: false,
    audit_log_enable: false,
    ds: false,
    incoming_connection_close_timeout: 10,
    pgsql_hex_bytea: false,
    pgsql_escape_bytea: false,
    acrastruct_wholecell_enable: false,
    acrastruct_injectedcell_enable: false,
    incoming_connection_host: '0.0.0.0',
    incoming_connection_port: 9393,
    incoming_connection_string: 'tcp://0.0.0.0:9393/',
    incoming_connection_api_port: 9090,
    incoming_connection_api_string: 'tcp://0.0.0.0:9090/',
    http_api_enable: false,
    ...poison,
    keys_dir: '.acrakeys',
    ...redis,
    ...bothDatabases,
    ...masterKey,
    ...tls,
    tls_identifier_extractor_type: 'distinguished_name',
    ...named('tls_client_', { ...certificate, auth: -1 }),
    ...(release === '0.90.0' ? of90 : of96),
  }
}

function translator(release: Release): Rows {
  const { redis, masterKey } = groups[release]
  const of90: Rows = {
    securesession_id: 'acra_translator',
    acratranslator_tls_transport_enable: false,
    acraconnector_transport_encryption_disable: false,
    poison_detect_enable: true,
    keystore_cache_size: 0,
  }
  const of96: Rows = {
    poison_detect_enable: false,
    keystore_cache_size: 1000,
    keystore_cache_on_start_enable: true,
  }
  return {
    ...logging,
    ...tracing,
    ...metrics,
    incoming_connection_grpc_string: '',
    incoming_connection_http_string: '',
    acratranslator_client_id_from_connection_enable: false,
    tls_identifier_extractor_type: 'distinguished_name',
    ...poison,
    incoming_connection_close_timeout: 10,
    token_db: '',
    audit_log_enable: false,
    keys_dir: '.acrakeys',
    ...redis,
    ...bothDatabases,
    ...masterKey,
    ...tls,
    ...(release === '0.90.0' ? of90 : of96),
  }
}

const connector: Rows = {
  ...logging,
  ...tracing,
  ...metrics,
  mode: 'AcraServer',
  client_id: '',
  keys_dir: '.acrakeys',
  ...redis,
  ...keysDatabase,
  ...vault,
  user_check_disable: false,
  http_api_enable: false,
  audit_log_enable: false,
  incoming_connection_port: 9494,
  incoming_connection_api_port: 9191,
  incoming_connection_string: 'tcp://127.0.0.1:9494/',
  incoming_connection_api_string: 'tcp://127.0.0.1:9191/',
  acraserver_connection_host: '',
  acraserver_connection_port: 9393,
  acraserver_connection_string: '',
  acraserver_api_connection_port: 9090,
  acraserver_api_connection_string: '',
  acraserver_securesession_id: 'acra_server',
  acraserver_tls_transport_enable: false,
  acraserver_transport_encryption_disable: false,
  tls_acraserver_sni: '',
  acratranslator_connection_host: '0.0.0.0',
  acratranslator_connection_port: 9696,
  acratranslator_connection_string: '',
  acratranslator_securesession_id: 'acra_translator',
  ...tls,
}

function keymaker(release: Release): Rows {
  const { redis, masterKey, identity } = groups[release]
  const of90: Rows = {
    generate_acraconnector_keys: false,
    generate_acraserver_keys: false,
    generate_acratranslator_keys: false,
    generate_acrawebconfig_keys: false,
  }
  return {
    client_id: 'client',
    generate_acrawriter_keys: false,
    generate_symmetric_storage_key: false,
    generate_hmac_key: false,
    generate_log_key: false,
    generate_poisonrecord_keys: false,
    generate_master_key: '',
    keystore: '',
    ...identity,
    ...output,
    ...redis,
    ...keysDatabase,
    ...masterKey,
    ...(release === '0.90.0' ? of90 : { kms_key_policy: 'create' }),
  }
}

function poisonrecordmaker(release: Release): Rows {
  const { redis, masterKey, toolTls } = groups[release]
  const inRedis = release === '0.90.0' ? { ...redis, ...keysDatabase } : {}
  return {
    keys_dir: '.acrakeys',
    data_length: -1,
    type: 'acrastruct',
    ...inRedis,
    ...masterKey,
    ...toolTls,
  }
}

function backup(release: Release): Rows {
  const { redis, masterKey, toolTls } = groups[release]
  return {
    action: '',
    file: '',
    keys_private_dir: '.acrakeys',
    keys_public_dir: '',
    ...format,
    ...redis,
    ...keysDatabase,
    ...masterKey,
    ...toolTls,
  }
}

/** The flags of all commands in one file; of a name that stands in several, the first. */
function keys(release: Release): Rows {
  const { redis, masterKey, toolTls, identity } = groups[release]
  const store: Rows = { ...redis, ...keysDatabase, ...masterKey }
  const side: Rows = { keystore: '', keys_dir: '', keys_dir_public: '', ...store }
  const of90: Rows = {
    master_key_path: '',
    acraconnector_transport_key: false,
    acraserver_transport_key: false,
    acratranslator_transport_key: false,
    acrawebconfig_symmetric_key: false,
    zone: false,
    zone_storage_key: false,
    zone_id: '',
  }
  return {
    keys_dir: '.acrakeys',
    keys_dir_public: '',
    ...store,
    ...toolTls,
    json: false,
    key_bundle_file: '',
    key_bundle_secret: '',
    all: false,
    private_keys: false,
    ...named('src_', side),
    ...named('dst_', side),
    dry_run: false,
    force: false,
    public: false,
    private: false,
    keystore: '',
    client_id: '',
    ...identity,
    print_json: false,
    client_storage_key: false,
    client_storage_symmetric_key: false,
    search_hmac_symmetric_key: false,
    audit_log_symmetric_key: false,
    poison_record_keys: false,
    ...(release === '0.90.0' ? of90 : { 'rotated-keys': false, index: 1 }),
  }
}

function tokens(release: Release): Rows {
  const { redis, toolTls } = groups[release]
  return {
    token_db: '',
    ...redis,
    redis_db_tokens: 0,
    accessed_after: '',
    accessed_before: '',
    created_after: '',
    created_before: '',
    all: false,
    only_disabled: false,
    dry_run: false,
    ...toolTls,
  }
}

const addzone: Rows = {
  keys_output_dir: '.acrakeys',
  fs_keystore_enable: true,
  v: false,
  ...redis,
  ...keysDatabase,
  ...vault,
}

/** A file of a program: what it is called, by which release, and its text. */
export interface OriginalFile {
  readonly program: string
  readonly release: Release
  readonly text: string
}

const releases: readonly Release[] = ['0.90.0', '0.96.0']

function inBoth(program: string, rows: (release: Release) => Rows): OriginalFile[] {
  return releases.map((release) => fileOf(program, release, rows(release)))
}

function fileOf(program: string, release: Release, rows: Rows): OriginalFile {
  const entries = Object.entries({ ...general, ...rows }).sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = entries.map(([name, value]) => `# Usage of ${name}\n${name}: ${value}\n\n`)
  return { program, release, text: `version: ${release}\n${lines.join('')}` }
}

/** Every file there is of the programs that are built here. */
export const originalFiles: readonly OriginalFile[] = [
  ...inBoth('acra-server', server),
  ...inBoth('acra-translator', translator),
  fileOf('acra-connector', '0.90.0', connector),
  ...inBoth('acra-keymaker', keymaker),
  fileOf('acra-addzone', '0.90.0', addzone),
  ...inBoth('acra-poisonrecordmaker', poisonrecordmaker),
  ...inBoth('acra-keys', keys),
  ...inBoth('acra-backup', backup),
  ...inBoth('acra-tokens', tokens),
]
