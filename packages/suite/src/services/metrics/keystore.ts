import type { Registry } from '../../observe/index.ts'

/**
 * Counts the keystores whose Vault, KMS or hardware security module does not answer. `service` is its name without a dash. What is returned is
 * told 1 when one of them goes away, and -1 when it is back.
 */
export function keystoreDegraded(registry: Registry, service: string): (change: 1 | -1) => void {
  const degraded = registry.gauge(
    `${service}_keystore_degraded`,
    'number of keystores whose Vault, KMS or hardware security module does not answer',
    'sum',
  )
  let count = 0
  return (change) => {
    count += change
    degraded.set(count)
  }
}
