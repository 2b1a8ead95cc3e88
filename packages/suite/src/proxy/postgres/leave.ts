import { Backend, type FrameCutter, Frontend } from '../../wire/postgres/index.ts'

/** True where the client's last message was Terminate, or the database's an error that nothing follows: then it said why it goes. */
export function mayEnd(fromClient: FrameCutter, fromDatabase: FrameCutter): boolean {
  if (fromDatabase.insideFrame) return false
  return (
    fromClient.lastType === Frontend.terminate || fromDatabase.lastType === Backend.errorResponse
  )
}
