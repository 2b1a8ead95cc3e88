import type { Product } from '../record.ts'
import type { Registry } from './registry.ts'

/** `acraserver_version_major` and its like (observability.md §2): which program this is. */
export function buildMetrics(registry: Registry, { name, version }: Product): void {
  const service = name.replaceAll('-', '')
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  for (const [i, part] of ['major', 'minor', 'patch'].entries()) {
    const help = `${part[0]!.toUpperCase()}${part.slice(1)} number of version`
    registry.gauge(`${service}_version_${part}`, help, 'first').set(Number(numbers[i + 1] ?? 0))
  }
  registry.info(`${service}_build_info`, '', { edition: ['ce'], version: [version] })
}
