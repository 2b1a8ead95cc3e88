import type { Duplex } from 'node:stream'

/** What was read, and why no more: there is enough, nothing more came in time, or nothing more will come. */
export interface FirstRead {
  readonly bytes: Buffer
  readonly outcome: 'enough' | 'late' | 'ended'
}

/** Reads from a stream that nobody reads until `isEnough` of it is there, and leaves it paused. `read` was read before. */
export function readFirst(
  stream: Duplex,
  timeoutMs: number,
  isEnough: (bytes: Buffer) => boolean,
  read: Buffer = Buffer.alloc(0),
): Promise<FirstRead> {
  let bytes = read
  if (bytes.length > 0 && isEnough(bytes)) return Promise.resolve({ bytes, outcome: 'enough' })
  return new Promise((resolve) => {
    const settle = (outcome: FirstRead['outcome']) => {
      clearTimeout(timer)
      stream.off('data', take).off('end', onEnd).off('close', onEnd).off('error', ignore)
      stream.pause()
      resolve({ bytes, outcome })
    }
    const ignore = () => {}
    const onEnd = () => settle('ended')
    const take = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      if (isEnough(bytes)) settle('enough')
    }
    const timer = setTimeout(() => settle('late'), timeoutMs)
    // An error is followed by a close.
    stream.on('data', take).on('end', onEnd).on('close', onEnd).on('error', ignore)
    stream.resume()
  })
}
