/** The encrypted way between AcraConnector and the servers, as services compose it: keys, arrivals, and what the log says of failures. */
export {
  type Arrival,
  type ArrivalSettings,
  arrive,
  type TransportMode,
} from './arrival.ts'
export { connectionsByDescriptors } from './descriptors.ts'
export { readFirst } from './first-read.ts'
export { TransportKeyError, TransportKeyring } from './keyring.ts'
export { Newcomers } from './newcomers.ts'
export { NothingSaidError } from './nothing-said.ts'
export { revocationOf } from './revocation.ts'
export { wrapFields } from './wrap-fields.ts'
