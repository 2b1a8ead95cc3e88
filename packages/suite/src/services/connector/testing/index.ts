export { exchangeKeys, generate, type KeyExchange, type KeyFolder } from './key-exchange.ts'
