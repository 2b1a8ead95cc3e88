/** What acra-webconfig tells without being asked (server-sent events). */
import { useEffect, useState } from 'preact/hooks'
import type { LogLine, Look, Overview, Series } from './contract.ts'

/** The log lines that are kept. */
const LINES_MAX = 500
const HOUR_MS = 3_600_000

export interface Live {
  readonly overview: Overview | null
  /** The newest first. */
  readonly lines: readonly LogLine[]
  /** False while acra-webconfig does not answer; the browser tries again by itself. */
  readonly isConnected: boolean
}

/** Listens as long as the caller is shown. */
export function useLive(isOn: boolean): Live {
  const [overview, setOverview] = useState<Overview | null>(null)
  const [lines, setLines] = useState<readonly LogLine[]>([])
  const [isConnected, setConnected] = useState(true)
  useEffect(() => {
    if (!isOn) return
    const source = new EventSource('/api/live')
    source.onopen = () => setConnected(true)
    source.onerror = () => setConnected(false)
    source.addEventListener('overview', ({ data }) => setOverview(JSON.parse(data)))
    source.addEventListener('look', ({ data }) => {
      const look: Look = JSON.parse(data)
      setOverview((before) => before && { ...look, series: longer(before.series, look) })
    })
    source.addEventListener('lines', ({ data }) => {
      const added: LogLine[] = JSON.parse(data)
      setLines((before) => [...added.toReversed(), ...before].slice(0, LINES_MAX))
    })
    return () => source.close()
  }, [isOn])
  return { overview, lines, isConnected }
}

/** The series with a point more, and without those that are older than an hour. */
function longer(series: Series, { point }: Look): Series {
  const old = series.at.findIndex((at) => at >= point.at - HOUR_MS)
  const names = Object.keys(series) as (keyof Series)[]
  const entries = names.map((name) => [
    name,
    [...series[name].slice(Math.max(old, 0)), point[name]],
  ])
  return Object.fromEntries(entries) as unknown as Series
}
