import { keysFolderOptions, masterKeyOptions, redisKeysOptions } from '../../keystore/index.ts'
import { tlsOptions, tlsRevocationOptions } from '../../net/index.ts'
import { auditLogOptions, metricsOptions, tracingOptions } from '../../observe/index.ts'
import { flag, int, type OptionValues, text } from '../../options/index.ts'
import { keySourceOptions } from '../keystore/index.ts'

const SECONDS_MAX = 86_400
const CONNECTIONS_MAX = 1_000_000
const port = { min: 1, max: 65_535 }

const application = {
  mode: text('AcraServer', 'What is connected to: AcraServer or AcraTranslator'),
  client_id: text('', 'Client id of every connection (required)'),
  user_check_disable: flag(
    false,
    'Serve applications that run as the same user as AcraConnector too, and could read its keys',
  ),
  incoming_connection_port: int(9494, 'Port to listen on for applications', port),
  incoming_connection_api_port: int(9191, 'Port to listen on for the HTTP API', port),
  incoming_connection_string: text(
    'tcp://127.0.0.1:9494/',
    'Address to listen on for applications, tcp://host:port or unix:///path',
  ),
  incoming_connection_api_string: text(
    'tcp://127.0.0.1:9191/',
    'Address to listen on for the HTTP API, tcp://host:port or unix:///path',
  ),
  http_api_enable: flag(false, 'Connect to the HTTP API of AcraServer too'),
  max_connections: int(10_000, 'Connections at once at most', { min: 1, max: CONNECTIONS_MAX }),
  max_connections_starting: int(
    1000,
    'Connections at most that have not said yet what they want; the eldest of them gives way to the next',
    { min: 1, max: CONNECTIONS_MAX },
  ),
  startup_timeout: int(60, 'Seconds until the first message of an application must be whole', {
    min: 1,
    max: SECONDS_MAX,
  }),
  incoming_connection_close_timeout: int(
    10,
    'Seconds that open connections get to end when AcraConnector stops',
    { min: 0, max: SECONDS_MAX },
  ),
} as const

const server = {
  acraserver_connection_host: text('', 'Host of AcraServer'),
  acraserver_connection_port: int(9393, 'Port of AcraServer', port),
  acraserver_connection_string: text(
    '',
    'Address of AcraServer, tcp://host:port or unix:///path; wins over host and port',
  ),
  acraserver_api_connection_port: int(9090, 'Port of the HTTP API of AcraServer', port),
  acraserver_api_connection_string: text(
    '',
    'Address of the HTTP API of AcraServer; wins over host and port',
  ),
  acraserver_securesession_id: text('acra_server', 'Id that AcraServer must say'),
  acraserver_tls_transport_enable: flag(false, 'Use TLS to AcraServer, not Secure Session'),
  acraserver_transport_encryption_disable: flag(false, 'Do not encrypt what is sent to AcraServer'),
  tls_acraserver_sni: text(
    '',
    'Server name to expect of AcraServer; the host of its address when empty',
  ),
} as const

const translator = {
  acratranslator_connection_host: text(
    '0.0.0.0',
    'Host of AcraTranslator; 0.0.0.0 is this machine',
  ),
  acratranslator_connection_port: int(9696, 'Port of AcraTranslator', port),
  acratranslator_connection_string: text(
    '',
    'Address of AcraTranslator: grpc://host:port, http://host:port or unix:///path; wins over host and port',
  ),
  acratranslator_securesession_id: text('acra_translator', 'Id that AcraTranslator must say'),
  acratranslator_tls_transport_enable: flag(false, 'Use TLS to AcraTranslator, not Secure Session'),
  tls_acratranslator_sni: text(
    '',
    'Server name to expect of AcraTranslator; the host of its address when empty',
  ),
} as const

const transport = {
  trace_frame_disable: flag(
    false,
    'Do not begin connections with the frame that tells where a trace comes from; servers of 0.90 expect it',
  ),
  connect_timeout: int(10, 'Seconds that connecting to the server may take', {
    min: 1,
    max: SECONDS_MAX,
  }),
  connect_retry_time: int(
    0,
    'Seconds for which connecting is tried again while the server is not there, the application waiting',
    { min: 0, max: SECONDS_MAX },
  ),
} as const

/** The options of acra-connector: every flag of 0.90, and a few of ours. spec: acra-connector §2 */
export const connectorOptions = {
  ...application,
  ...server,
  ...translator,
  ...transport,
  ...keysFolderOptions,
  ...masterKeyOptions,
  ...keySourceOptions,
  ...redisKeysOptions,
  ...tlsOptions,
  ...tlsRevocationOptions,
  ...auditLogOptions,
  ...metricsOptions,
  ...tracingOptions,
} as const

/** What acra-connector is started with. */
export type ConnectorOptions = OptionValues<typeof connectorOptions>
