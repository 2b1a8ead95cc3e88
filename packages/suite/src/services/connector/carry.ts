import type { Duplex } from 'node:stream'

/** How long the other side may go on once one side has said all and takes no more. */
const LINGER_MS = 60_000

/**
 * Carries bytes both ways until both sides have ended, each at the pace of the other. Where one fails both are broken off.
 * Resolves with the failure, null where there is none; both are destroyed then.
 */
export function carry(left: Duplex, right: Duplex): Promise<Error | null> {
  return new Promise((resolve) => {
    let failure: Error | null = null
    let open = 2
    const breakOff = (error: Error | null) => {
      failure ??= error
      left.destroy()
      right.destroy()
    }
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      from.on('error', breakOff)
      from.once('close', () => {
        open--
        // What was cut off is over for the other side too; what has ended in order lets it finish.
        if (!from.readableEnded) breakOff(null)
        if (open === 0) resolve(failure)
      })
      from.once('end', () => {
        if (!to.destroyed) to.once('finish', () => endSoon(to))
      })
      from.pipe(to)
    }
  })
}

/** A side that was told the end and does not end itself is not waited for without limit. */
function endSoon(side: Duplex): void {
  if (side.readableEnded || side.destroyed) return
  const timer = setTimeout(() => side.destroy(), LINGER_MS)
  side.once('close', () => clearTimeout(timer))
}
