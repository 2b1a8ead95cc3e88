import { int } from '../../options/index.ts'

const SECONDS_MAX = 86_400

/** How long a running service does without the place that protects its keys. Ours. */
export const keySourceOptions = {
  keystore_offline_ttl: int(
    0,
    'Seconds for which the keys in memory are used while Vault, the KMS or the hardware security module does not answer; 0 without limit',
    { min: 0, max: 366 * SECONDS_MAX },
  ),
  keystore_probe_interval: int(
    30,
    'Seconds between two questions whether Vault, the KMS or the hardware security module is still there',
    { min: 1, max: SECONDS_MAX },
  ),
} as const
