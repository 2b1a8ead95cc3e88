/** The types in whose forms values are given and taken, besides text and bytea: one codec each. No value is protected here. */
import type { TypeCodec } from './codec.ts'
import { date, time, timestamp, timestamptz } from './dates.ts'
import { float32, float64 } from './floats.ts'
import { int16, int32, int64 } from './integers.ts'
import { numeric } from './numeric.ts'
import { bool, jsonb, jsonText, uuid } from './others.ts'
import { textArray } from './text-array.ts'

export type { TypeCodec } from './codec.ts'

/** Every codec by the name that the encryptor config has for its type. */
export const typeCodecs = {
  int32,
  int64,
  bool,
  int16,
  numeric,
  float32,
  float64,
  uuid,
  date,
  time,
  timestamp,
  timestamptz,
  json: jsonText,
  jsonb,
  'text[]': textArray,
} as const satisfies Record<string, TypeCodec>
