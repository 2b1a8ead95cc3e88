import type { Inspection } from './inspection.ts'
import type { StoreVersion } from './master-key/key-wrapper.ts'
import { inspectV1 } from './v1/inspection.ts'
import { inspectV2 } from './v2/inspection.ts'

/** How each layout is looked at. */
export const inspections: Readonly<Record<StoreVersion, Inspection>> = {
  v1: inspectV1,
  v2: inspectV2,
}
