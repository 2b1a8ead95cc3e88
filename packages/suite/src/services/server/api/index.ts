/** acra-server's HTTP API: commands of operators, and of AcraConnector's side. spec: acra-server §7 */

export { apiAddress } from './address.ts'
export { Api, type ApiSettings } from './api.ts'
export { consoleSettings } from './console.ts'
