import type { IncomingMessage } from 'node:http'

/** A body that is larger than is allowed. */
export class BodyTooLargeError extends Error {}

/** All of a request's body, whatever its method. Throws BodyTooLargeError before more than `sizeMax` bytes are held, or what the connection fails by. */
export function readBody(request: IncomingMessage, sizeMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > sizeMax) throw new BodyTooLargeError()
    const chunks: Buffer[] = []
    let size = 0
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size <= sizeMax) chunks.push(chunk)
      else {
        request.off('data', onData).pause()
        reject(new BodyTooLargeError())
      }
    }
    request
      .on('data', onData)
      .once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
      .once('error', reject)
      .once('close', () => {
        if (!request.complete) reject(new Error('the connection ended before the body'))
      })
  })
}
