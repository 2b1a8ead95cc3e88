import { DialError } from '../../net/index.ts'
import { TlsError } from '../../net/tls/index.ts'
import { type Event, events, type Fields, type Logger } from '../../observe/index.ts'
import { ClosedError, type RelayEnd, TimeoutError } from '../../proxy/index.ts'
import { ConnectionRefused, type ConversationObserver } from '../../proxy/postgres/index.ts'
import type { Refusal } from '../../sql/index.ts'
import type { ValueObserver } from '../../transform/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import type { ServerMetrics } from './metrics.ts'
import { TooManyConnections } from './refusal.ts'

/** Logs what a conversation refuses and lets through. */
export function observerOf(log: Logger): ConversationObserver {
  return {
    refused: (refusal) => log.event(events.statementRefused, fieldsOf(refusal)),
    passedUnprotected: (refusal) => log.event(events.statementUnprotected, fieldsOf(refusal)),
  }
}

/** Counts what is sealed and opened, and logs, at level debug, what comes back to the client as it was. */
export function valueObserverOf(log: Logger, metrics: ServerMetrics): ValueObserver {
  return {
    opened: (kind) => metrics.values.decrypted(kind, true),
    notOpened(kind) {
      metrics.values.decrypted(kind, false)
      log.debug(events.cannotDecrypt.message, { code: events.cannotDecrypt.code, envelope: kind })
    },
    notVerified: () =>
      log.debug(events.cannotDecrypt.message, {
        code: events.cannotDecrypt.code,
        reason: 'the search hash does not fit the value',
      }),
    tokenized: (type, success) => metrics.values.tokenized(type, success),
    detokenized: (type, success) => metrics.values.detokenized(type, success),
    tokenFailed: (error) => log.event(events.cannotResolveToken, { error: messageOf(error) }),
    sealed: (kind) => metrics.values.encrypted(kind, true),
    notSealed: (kind) => metrics.values.encrypted(kind, false),
    keysFailed: (kind, error) =>
      log.event(events.cannotReadKeys, { envelope: kind, error: messageOf(error) }),
  }
}

/** Logs how a connection ended. */
export function logEnd(
  { error, side, bytesFromClient, bytesFromDatabase }: RelayEnd,
  log: Logger,
): void {
  if (error === null || error instanceof ClosedError) {
    log.info('Connection closed', {
      bytes_from_client: bytesFromClient,
      bytes_from_database: bytesFromDatabase,
    })
    return
  }
  log.event(eventOf(error, side), { error: messageOf(error), ...detailsOf(error) })
}

function detailsOf(error: Error): Fields {
  if (error instanceof TooManyConnections) return { limit: error.limit }
  return error instanceof TlsError && error.hint !== null ? { hint: error.hint } : {}
}

function eventOf(error: Error, side: RelayEnd['side']): Event {
  if (error instanceof ConnectionRefused && error.code === 'no-client-id') {
    return events.connectionWithoutClientId
  }
  if (error instanceof TooManyConnections) return events.limitExceeded
  if (error instanceof ConnectionRefused && error.code === 'schema-not-known') {
    return events.connectionWithoutSchema
  }
  if (error instanceof ConnectionRefused && error.code === 'too-many-databases') {
    return events.limitExceeded
  }
  if (error instanceof TlsError) return events.tlsError
  if (error instanceof ConnectionRefused && error.code === 'tls-required') return events.tlsError
  if (error instanceof DialError) return events.cannotConnectToDatabase
  if (error instanceof TimeoutError) return events.connectionTimedOut
  if (error instanceof ProtocolError || error instanceof ConnectionRefused) {
    return side === 'database' ? events.databaseProtocolViolation : events.clientProtocolViolation
  }
  return events.cannotProcessConnection
}

function fieldsOf({ sqlState, message, column }: Refusal) {
  return {
    sql_state: sqlState,
    reason: message,
    ...(column === null ? {} : { column: `${column.table}.${column.column}` }),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
