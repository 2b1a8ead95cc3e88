import {
  keysFolderOptions,
  keystoreCacheOptions,
  masterKeyOptions,
  redisKeysBesideTokensOptions,
} from '../../keystore/index.ts'
import {
  tlsClientSideOptions,
  tlsDatabaseSideOptions,
  tlsIdentityOptions,
  tlsOptions,
  tlsRevocationOptions,
  tlsRevocationSideOptions,
} from '../../net/index.ts'
import { auditLogOptions, metricsOptions, tracingOptions } from '../../observe/index.ts'
import {
  choice,
  compatibilityOptions,
  flag,
  ignored,
  int,
  type OptionValues,
  text,
  waits,
} from '../../options/index.ts'
import { consulOptions } from '../../options/waiting/index.ts'
import { tokenOptions } from '../../tokens/index.ts'
import { keySourceOptions } from '../keystore/index.ts'
import { poisonOptions } from '../poison/index.ts'

const SECONDS_MAX = 86_400
const CONNECTIONS_MAX = 1_000_000
const WORKERS_MAX = 1024
const BYTES_MAX = 1024 * 1024 * 1024
const COUNT_MAX = 1_000_000_000
const NOT_NEEDED = 'the format of the data is recognized by itself'

const database = {
  db_host: text(
    '',
    'Host of the database; a folder of unix sockets when it begins with "/" (required)',
  ),
  db_port: int(5432, 'Port of the database', { min: 1, max: 65_535 }),
  postgresql_enable: flag(false, 'The database is PostgreSQL; also when no database is named'),
  mysql_enable: waits('MySQL', flag(false, 'The database is MySQL or MariaDB')),
} as const

const listening = {
  incoming_connection_host: text('0.0.0.0', 'Address to listen on for applications'),
  incoming_connection_port: int(9393, 'Port to listen on for applications', {
    min: 0,
    max: 65_535,
  }),
  incoming_connection_string: text(
    'tcp://0.0.0.0:9393/',
    'Address to listen on, tcp://host:port or unix:///path; ' +
      'incoming_connection_host and incoming_connection_port win where they are changed',
  ),
  incoming_connection_close_timeout: int(
    10,
    'Seconds that running statements get to finish when the server stops',
    { min: 0, max: SECONDS_MAX },
  ),
  workers: int(
    1,
    'Processes that share the connections; as many as cores where much is encrypted or decrypted',
    { min: 1, max: WORKERS_MAX },
  ),
  worker_timeout: int(
    30,
    'Seconds after which a worker that does not answer is ended and replaced',
    {
      min: 1,
      max: SECONDS_MAX,
    },
  ),
} as const

const protection = {
  client_id: text('', 'Client id of every connection'),
  encryptor_config_file: text('', 'Path of the encryptor config: which columns are protected'),
  encryptor_config_storage_type: waits(
    'Consul',
    choice(['filesystem', 'consul'], 'filesystem', 'Where the encryptor config is read from'),
  ),
  auth_file: text(
    '',
    "Users of the database whose login acra-server ends itself, in the form of PgBouncer's userlist.txt: " +
      'lets SCRAM bind to TLS on both sides',
  ),
  on_unprotected: choice(
    ['refuse', 'pass'],
    'refuse',
    'What to do with a statement that would write or show a protected column in the clear',
  ),
  restore: flag(
    false,
    'Store values that are known tokens as they are, where they are written to tokenized columns: for the time in which a dump is restored',
  ),
  zonemode_enable: flag(
    false,
    'Decrypt with the keys of the zone whose id stands before a value in its row, and with no others',
  ),
  decrypt_unconfigured: flag(
    true,
    'Look for encrypted values in all columns, also those that the encryptor config does not name',
  ),
} as const

const introspection = {
  schema_introspection: flag(
    false,
    'Learn tables, views and columns from the database itself, by an account of its own: the encryptor config need not list columns then',
  ),
  schema_introspection_user: text(
    '',
    'User of the database that schemas are learned as; it needs no right but to connect',
  ),
  schema_introspection_password_file: text(
    '',
    'File with the password of schema_introspection_user, mode 0600; without it, ACRA_SCHEMA_INTROSPECTION_PASSWORD in the environment is used',
  ),
  schema_introspection_databases: text(
    '',
    'Databases, with commas between them, whose schemas are learned at start: one that contradicts the encryptor config stops it; others are learned at their first connection',
  ),
  schema_introspection_interval: int(
    60,
    'Seconds between two looks whether others have changed schemas; 0 for none',
    { min: 0, max: SECONDS_MAX },
  ),
  schema_introspection_max_age: int(
    1,
    'Seconds since the last look behind which a statement that gives values to a relation waits for another one, unless the database tells of changes; 0 for no such look',
    { min: 0, max: SECONDS_MAX },
  ),
} as const

const limits = {
  max_held_message: int(
    67_108_864,
    'Bytes of a row or message held in memory at most; larger ones pass unread or fail where they need protection',
    { min: 65_536, max: BYTES_MAX },
  ),
  statement_size_max: int(
    16_777_216,
    'Bytes of a statement that is analysed at most; a larger one is refused',
    { min: 1024, max: BYTES_MAX },
  ),
  statement_nodes_max: int(
    2_000_000,
    'Words, signs and values that a statement may have at most; one with more is refused',
    { min: 1000, max: COUNT_MAX },
  ),
  statement_columns_max: int(
    100_000,
    'Columns that the queries of a statement of up to 64 KiB may have together; of a longer one as many times more, but at most 16 times',
    { min: 1000, max: COUNT_MAX },
  ),
  statement_steps_max: int(
    1_000_000,
    'Steps that the analysis of a statement of up to 64 KiB may take; of a longer one as many times more, but at most 16 times',
    { min: 1000, max: COUNT_MAX },
  ),
  startup_timeout: int(60, 'Seconds for the start and the authentication of a connection', {
    min: 1,
    max: SECONDS_MAX,
  }),
  message_timeout: int(60, 'Seconds of silence inside a message', { min: 1, max: SECONDS_MAX }),
  max_connections: int(10_000, 'Connections of applications at most', {
    min: 1,
    max: CONNECTIONS_MAX,
  }),
  max_connections_per_client: int(
    0,
    'Connections of one client id at most; 0 where only max_connections counts',
    { min: 0, max: CONNECTIONS_MAX },
  ),
  max_connections_starting: int(
    1000,
    'Connections that are not logged in yet, at most; of each worker',
    { min: 1, max: CONNECTIONS_MAX },
  ),
  kept_read_buffers: flag(
    true,
    'Read from applications into memory that is kept: a fifth less CPU, by an interface that Node.js does not document',
  ),
  plan_cache_size: int(4096, 'Analysed statements kept at most', { min: 1, max: 10_000_000 }),
  plan_cache_bytes: int(67_108_864, 'Bytes of analysed statements kept at most', {
    min: 65_536,
    max: BYTES_MAX,
  }),
} as const

const instead = { commandLineOnly: true } as const

const explaining = {
  explain_sql: flag(
    false,
    'Say what would be done with the statement behind the options or on standard input, and end; only the encryptor config is needed, and with schema_introspection the database',
    instead,
  ),
  explain_file: text('', 'File with the statement for explain_sql', instead),
  json: flag(false, 'Let explain_sql answer as JSON', instead),
  print_ddl: flag(
    false,
    'Write the definitions of indexes that searchable columns need, and end; only the encryptor config is needed, and with schema_introspection the database',
    instead,
  ),
  print_ddl_unique: text(
    '',
    'Columns, as table.column with commas between them, for which print_ddl writes unique indexes',
    instead,
  ),
} as const

const api = {
  http_api_enable: flag(
    false,
    'Offer the HTTP API, by which keys in memory are reset and, with zonemode_enable, zones are made',
  ),
  http_api_tls_transport_enable: flag(
    false,
    'Use TLS for the HTTP API, with tls_client_cert and tls_client_auth; without it, its connections come as those of applications do through AcraConnector',
  ),
  incoming_connection_api_port: int(
    9090,
    'Port to listen on for the HTTP API, on incoming_connection_host',
    { min: 0, max: 65_535 },
  ),
  incoming_connection_api_string: text(
    'tcp://0.0.0.0:9090/',
    'Address to listen on for the HTTP API, tcp://host:port or unix:///path; incoming_connection_api_port wins where it is changed',
  ),
  auth_keys: text(
    'configs/auth.keys',
    'File of the users of the web console; where it is there, the HTTP API gives it, and the configuration, to whoever has shown who it is by TLS or Secure Session',
  ),
} as const

const later = {
  acracensor_config_file: waits('AcraCensor', text('', 'Path of the rules of AcraCensor')),
  sql_parse_on_error_exit_enable: ignored(
    'a statement that cannot be parsed is always refused, unless on_unprotected=pass',
    flag(false, 'Refuse statements that cannot be parsed'),
  ),
  ...compatibilityOptions,
} as const

const connector = {
  securesession_id: text('acra_server', 'Id to say to AcraConnector in a Secure Session'),
  acraconnector_tls_transport_enable: flag(
    false,
    'Connections use TLS from their first byte on, whether they come from AcraConnector or not',
  ),
  acraconnector_transport_encryption_disable: flag(
    false,
    'Do not take Secure Sessions of AcraConnector; without this, and without TLS, both are taken: sessions, and connections as they are',
  ),
} as const

const tlsSides = {
  ...tlsOptions,
  ...tlsIdentityOptions,
  ...tlsClientSideOptions,
  ...tlsDatabaseSideOptions,
  ...tlsRevocationOptions,
  ...tlsRevocationSideOptions('client_'),
  ...tlsRevocationSideOptions('database_'),
} as const

const withoutEffect = {
  ds: ignored('there is no profiling server', flag(false, 'Offer profiles on port 6060')),
  pgsql_hex_bytea: ignored(NOT_NEEDED, flag(false, 'Values are in hex format')),
  pgsql_escape_bytea: ignored(NOT_NEEDED, flag(false, 'Values are in escape format')),
  acrastruct_wholecell_enable: ignored(NOT_NEEDED, flag(false, 'A value is one AcraStruct')),
  acrastruct_injectedcell_enable: ignored(NOT_NEEDED, flag(false, 'AcraStructs inside values')),
} as const

/**
 * The options of acra-server (acra-server.md §2): what works, and every further name of 0.90 and
 * 0.96. Where the releases differ in a default it is that of 0.96, but what is not built yet is
 * off.
 */
export const serverOptions = {
  ...database,
  ...listening,
  ...protection,
  ...introspection,
  ...explaining,
  ...keysFolderOptions,
  ...keystoreCacheOptions,
  ...keySourceOptions,
  ...limits,
  ...poisonOptions,
  ...api,
  ...later,
  ...connector,
  ...tlsSides,
  ...redisKeysBesideTokensOptions,
  ...tokenOptions,
  ...masterKeyOptions,
  ...consulOptions,
  ...auditLogOptions,
  ...metricsOptions,
  ...tracingOptions,
  ...withoutEffect,
} as const

/** What acra-server is started with. */
export type ServerOptions = OptionValues<typeof serverOptions>
