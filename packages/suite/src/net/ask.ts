import type { Socket } from 'node:net'
import { DialError } from './dial.ts'

/**
 * Sends a request on a socket that nobody reads yet, and resolves with the one byte that answers it. The socket is paused then.
 * Rejects with DialError, and destroys the socket, where there is no answer in time or more than one byte: what comes behind the
 * byte has to be asked for by the next request.
 */
export function askForByte(socket: Socket, request: Buffer, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      socket.off('data', onData).off('error', onError).off('end', onEnd)
      socket.pause()
    }
    const fail = (reason: string, cause?: Error) => {
      settle()
      socket.on('error', () => {}).destroy()
      reject(new DialError(reason, cause === undefined ? undefined : { cause }))
    }
    const onData = (chunk: Buffer) => {
      if (chunk.length > 1) return fail('the server has said more than it was asked')
      settle()
      resolve(chunk[0] as number) // No event comes without a byte.
    }
    const onError = (error: NodeJS.ErrnoException) =>
      fail(`the connection failed: ${error.code ?? error.name}`, error)
    const onEnd = () => fail('the server has closed the connection without an answer')
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    socket.on('data', onData).on('error', onError).on('end', onEnd)
    socket.write(request)
  })
}
