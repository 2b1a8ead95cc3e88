import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

/** A body that is larger than is allowed. */
export class BodyTooLargeError extends Error {}

/** A body that did not come to its end. */
export class BodyBrokenError extends Error {
  constructor() {
    super('the request ended before its body')
  }
}

/** All of a request's body, whatever its method. Rejects with BodyTooLargeError before more than `sizeMax` bytes are held, or with BodyBrokenError. */
export function readBody(
  request: IncomingMessage | Http2ServerRequest,
  sizeMax: number,
): Promise<Buffer> {
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
    // What comes after the end changes nothing any more.
    const onBreak = () => reject(new BodyBrokenError())
    request
      .on('data', onData)
      .once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
      .once('error', onBreak)
      .once('close', onBreak)
  })
}
