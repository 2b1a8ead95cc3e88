/** The composition of acra-connector: listeners for applications, an encrypted transport to the server, and nothing of what is said. */
export { Connector } from './connector.ts'
export { type ConnectorOptions, connectorOptions } from './options.ts'
export { ConnectorConfigurationError } from './peer.ts'
