import { Frontend, messageTypes } from '../../wire/postgres/index.ts'

const clientTypes = [
  Frontend.query,
  Frontend.parse,
  Frontend.bind,
  Frontend.describe,
  Frontend.execute,
  Frontend.close,
  Frontend.functionCall,
  Frontend.sync,
  Frontend.copyDone,
  Frontend.copyFail,
]
/** The messages of a client that are looked at. */
export const clientMessages = messageTypes(...clientTypes)
/** The same while it logs in. */
export const clientMessagesAndPassword = messageTypes(...clientTypes, Frontend.password)
/** The same where data of a COPY matters. */
export const clientMessagesAndCopyData = messageTypes(...clientTypes, Frontend.copyData)

/** What carries a statement or its values, and is refused where these must not pass. */
export const refusable: ReadonlyMap<number, 'query' | 'parse' | 'bind' | 'function'> = new Map([
  [Frontend.query, 'query'],
  [Frontend.parse, 'parse'],
  [Frontend.bind, 'bind'],
  [Frontend.functionCall, 'function'],
])
