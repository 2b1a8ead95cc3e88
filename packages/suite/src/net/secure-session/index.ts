/**
 * Secure Session on sockets that are open already, framed as AcraConnector 0.90 does: the client's half, the server's half, and the
 * stream that stands for the connection afterwards. Keys come in by parameter. spec: themis-formats §6.3
 */
export { type AcceptedSession, acceptSession, type ServerKeys } from './accept.ts'
export { type ConnectSettings, connectSession } from './connect.ts'
export {
  hasFirstFrame,
  startsSession,
  startsTrace,
  TRACE_FRAME_SIZE,
  traceFrame,
} from './first-bytes.ts'
export { SessionFailure, type SessionFailureReason } from './session-failure.ts'
export type { SessionStream } from './session-stream.ts'
