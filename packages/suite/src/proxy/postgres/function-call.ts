import { HEADER_SIZE } from '../../wire/postgres/index.ts'

/** OIDs from here on are the installation's own (FirstNormalObjectId). */
const OWN_OBJECTS = 16_384
/** query_to_xml, cursor_to_xml, table_to_xml, schema_to_xml, database_to_xml and their like run SQL text (pg_proc). */
const RUNS_SQL_FIRST = 2923
const RUNS_SQL_LAST = 2939

/**
 * True where a FunctionCall names a function of the server itself that runs no SQL text, such as those of large objects, for
 * which drivers use this message.
 */
export function isCarriedFunction(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < HEADER_SIZE + 4) return false
  const oid = bytes.readUInt32BE(start + HEADER_SIZE)
  return oid < OWN_OBJECTS && (oid < RUNS_SQL_FIRST || oid > RUNS_SQL_LAST)
}
