import type { IncomingMessage } from 'node:http'

/** A body that is larger than is allowed. */
export class BodyTooLargeError extends Error {}

/** All of a request's body, whatever its method. Throws BodyTooLargeError before more than `sizeMax` bytes are held, or what the connection fails by. */
export async function readBody(request: IncomingMessage, sizeMax: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > sizeMax) throw new BodyTooLargeError()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > sizeMax) throw new BodyTooLargeError()
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
