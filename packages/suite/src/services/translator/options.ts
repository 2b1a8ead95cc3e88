import {
  keysFolderOptions,
  keystoreCacheOptions,
  masterKeyOptions,
  redisKeysBesideTokensOptions,
} from '../../keystore/index.ts'
import { tlsOptions, tlsRevocationOptions } from '../../net/index.ts'
import { auditLogOptions, metricsOptions, tracingOptions } from '../../observe/index.ts'
import {
  choice,
  compatibilityOptions,
  flag,
  ignored,
  int,
  type OptionValues,
  text,
} from '../../options/index.ts'
import { tokenOptions } from '../../tokens/index.ts'
import { keySourceOptions } from '../keystore/index.ts'
import { poisonOptions } from '../poison/index.ts'

const SECONDS_MAX = 86_400
const CONNECTIONS_MAX = 1_000_000
const BYTES_MAX = 1024 * 1024 * 1024

const listening = {
  incoming_connection_grpc_string: text(
    '',
    'Address to listen on for gRPC, grpc://host:port or unix:///path; grpc://0.0.0.0:9696/ where no address is named',
  ),
  incoming_connection_http_string: text(
    '',
    'Address to listen on for HTTP, http://host:port or unix:///path; no HTTP when empty',
  ),
  incoming_connection_close_timeout: int(
    10,
    'Seconds that open connections get to end when the translator stops',
    { min: 0, max: SECONDS_MAX },
  ),
  max_connections: int(10_000, 'Connections at once at most', { min: 1, max: CONNECTIONS_MAX }),
  max_connections_starting: int(
    1000,
    'Connections at most that have not made a request yet; the eldest of them gives way to the next',
    { min: 1, max: CONNECTIONS_MAX },
  ),
  startup_timeout: int(60, 'Seconds until a connection must have begun its first request', {
    min: 1,
    max: SECONDS_MAX,
  }),
  request_timeout: int(60, 'Seconds that an HTTP request may take to come', {
    min: 1,
    max: SECONDS_MAX,
  }),
  request_size_max: int(16 * 1024 * 1024, 'Largest request, in bytes', {
    min: 1024,
    max: BYTES_MAX,
  }),
} as const

const transport = {
  securesession_id: text('acra_translator', 'Id to say to AcraConnector in a Secure Session'),
  acratranslator_tls_transport_enable: flag(
    false,
    'Use TLS; also where tls_cert and tls_key are given. Else connections are Secure Sessions of AcraConnector',
  ),
  acraconnector_transport_encryption_disable: ignored(
    'the frame of a trace is recognized by itself',
    flag(false, 'Do not read the frame of a trace of AcraConnector'),
  ),
  acratranslator_client_id_from_connection_enable: flag(
    true,
    'The client id of the connection wins over the one in a gRPC request; when false any client can name any id',
  ),
  acratranslator_client_id_allow_list: text(
    '',
    'Client ids that gRPC requests may name besides that of their connection, with commas between them, where acratranslator_client_id_from_connection_enable is false; any when empty',
  ),
  tls_identifier_extractor_type: choice(
    ['distinguished_name', 'serial_number'],
    'distinguished_name',
    'What of a certificate the client id is made from',
  ),
} as const

const misplaced = {
  http_api_enable: ignored(
    'it is an option of acra-server; see incoming_connection_http_string',
    flag(false, 'Offer an HTTP API'),
  ),
  http_api_tls_transport_enable: ignored(
    'it is an option of acra-server; see acratranslator_tls_transport_enable',
    flag(false, 'Use TLS for the HTTP API'),
  ),
} as const

/** The options of acra-translator. spec: acra-translator §2 */
export const translatorOptions = {
  ...listening,
  ...transport,
  ...keysFolderOptions,
  ...keystoreCacheOptions,
  ...keySourceOptions,
  ...masterKeyOptions,
  ...poisonOptions,
  ...tlsOptions,
  ...tlsRevocationOptions,
  ...redisKeysBesideTokensOptions,
  ...tokenOptions,
  ...auditLogOptions,
  ...metricsOptions,
  ...tracingOptions,
  ...compatibilityOptions,
  ...misplaced,
} as const

/** What acra-translator is started with. */
export type TranslatorOptions = OptionValues<typeof translatorOptions>
