import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { rate } from '../format.ts'

const HEIGHT = 180

export interface Line {
  readonly title: string
  readonly values: readonly (number | null)[]
  /** A custom property of the style sheet: charts follow light and dark. */
  readonly color: string
}

/** Lines over the last hour. Whoever cannot see them gets the last value of each as text. */
export function Chart(props: {
  readonly title: string
  readonly unit: string
  readonly at: readonly number[]
  readonly lines: readonly Line[]
}) {
  const { title, unit, at, lines } = props
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot | null>(null)
  const data = [at.map((ms) => ms / 1000), ...lines.map(({ values }) => [...values])]
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const plot = new UPlot(options(element, lines), data as UPlot.AlignedData, element)
    chart.current = plot
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
      chart.current = null
    }
  }, [lines.length])
  useEffect(() => {
    chart.current?.setData(data as UPlot.AlignedData)
  }, [at])
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <ul class="legend">
          {lines.map((line) => (
            <li key={line.title}>
              <span class={`swatch ${line.color}`} aria-hidden="true" />
              {line.title}: <b>{rate(line.values.at(-1) ?? null)}</b> {unit}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" aria-hidden="true" />
    </figure>
  )
}

function options(element: HTMLElement, lines: readonly Line[]): UPlot.Options {
  const style = getComputedStyle(element)
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis = {
    stroke: color('muted'),
    grid: { stroke: color('edge'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
    axes: [
      { ...axis, values: '{HH}:{mm}' },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => rate(tick)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({ label: line.title, stroke: color(line.color), width: 2 })),
    ],
  }
}
