import { DialError } from '../../net/index.ts'
import { type Event, events, type Logger } from '../../observe/index.ts'
import { ClosedError, type RelayEnd, TimeoutError } from '../../proxy/index.ts'
import { ConnectionRefused, type ConversationObserver } from '../../proxy/postgres/index.ts'
import type { Refusal } from '../../sql/index.ts'
import type { RevealObserver } from '../../transform/index.ts'
import { ProtocolError } from '../../wire/index.ts'

/** Logs what a conversation refuses and lets through. */
export function observerOf(log: Logger): ConversationObserver {
  return {
    refused: (refusal) => log.event(events.statementRefused, fieldsOf(refusal)),
    passedUnprotected: (refusal) => log.event(events.statementUnprotected, fieldsOf(refusal)),
  }
}

/** Logs, at level debug, what comes back to the client as it was. */
export function revealObserverOf(log: Logger): RevealObserver {
  return {
    notOpened: (kind) =>
      log.debug(events.cannotDecrypt.message, { code: events.cannotDecrypt.code, envelope: kind }),
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
  log.event(eventOf(error, side), { error: messageOf(error) })
}

function eventOf(error: Error, side: RelayEnd['side']): Event {
  if (error instanceof ConnectionRefused && error.code === 'no-client-id') {
    return events.connectionWithoutClientId
  }
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
