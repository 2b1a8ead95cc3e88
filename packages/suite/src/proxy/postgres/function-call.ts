import { HEADER_SIZE } from '../../wire/postgres/index.ts'

/** The functions of large objects (pg_proc): drivers call them by this message. */
const LARGE_OBJECTS = new Set([
  715, // lo_create
  952, // lo_open
  953, // lo_close
  954, // loread
  955, // lowrite
  956, // lo_lseek
  957, // lo_creat
  958, // lo_tell
  964, // lo_unlink
  1004, // lo_truncate
  3170, // lo_lseek64
  3171, // lo_tell64
  3172, // lo_truncate64
  3457, // lo_from_bytea
  3458, // lo_get
  3459, // lo_get of a part
  3460, // lo_put
])

/** True where a FunctionCall names a function that reaches large objects and nothing else: no settings, no tables, no SQL text. */
export function isCarriedFunction(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < HEADER_SIZE + 4) return false
  return LARGE_OBJECTS.has(bytes.readUInt32BE(start + HEADER_SIZE))
}
