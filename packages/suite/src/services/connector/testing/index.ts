/** Keys for tests of AcraConnector and of what it connects to. */
export { exchangeKeys, generate, type KeyExchange, type KeyFolder } from './key-exchange.ts'
