import { choice } from './option.ts'

/** The releases of the original that differ in what they mean by an option that is left out. */
export const releases = ['0.90', '0.96'] as const
export type Release = (typeof releases)[number]

/** Of services: `version: 0.90.x` in a configuration file says it too. spec: acra-server §13 */
export const compatibilityOptions = {
  compatibility: choice(
    releases,
    '0.96',
    'Release of Acra whose defaults hold for what is left out; version: 0.90.0 in the file means 0.90',
  ),
} as const
