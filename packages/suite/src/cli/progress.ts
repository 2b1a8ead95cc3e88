import type { Sink } from '../observe/index.ts'

/** How far a long piece of work is. */
export interface Progress {
  /** So much more is done. */
  advance(count?: number): void
  /** Clears the line away. */
  end(): void
}

const BAR_WIDTH = 30
const REDRAWN_EVERY_MS = 100

/** A bar on one line of a terminal, drawn again at most ten times a second. */
export function progressBar(sink: Sink, now: () => number, title: string, total: number): Progress {
  let done = 0
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    advance(count = 1) {
      done += count
      if (now() - drawnAt < REDRAWN_EVERY_MS && done < total) return
      drawnAt = now()
      sink.write(`\r${barText(title, done, total)}\x1b[K`)
    },
    end: () => sink.write('\r\x1b[K'),
  }
}

/** For output that nobody watches. */
export const noProgress: Progress = { advance() {}, end() {} }

function barText(title: string, done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.floor((done / total) * BAR_WIDTH)
  return `${title} [${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${done}/${total}`
}
