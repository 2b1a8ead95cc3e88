/** The types of arrays by those of their elements, of the server's catalog (pg_type): they never change. */
interface ArrayType {
  readonly element: number
  readonly array: number
}

/** By the name of the element's type. */
const ARRAYS: Readonly<Record<string, ArrayType>> = {
  bool: { element: 16, array: 1000 },
  bpchar: { element: 1042, array: 1014 },
  bytea: { element: 17, array: 1001 },
  date: { element: 1082, array: 1182 },
  float4: { element: 700, array: 1021 },
  float8: { element: 701, array: 1022 },
  int2: { element: 21, array: 1005 },
  int4: { element: 23, array: 1007 },
  int8: { element: 20, array: 1016 },
  json: { element: 114, array: 199 },
  jsonb: { element: 3802, array: 3807 },
  numeric: { element: 1700, array: 1231 },
  text: { element: 25, array: 1009 },
  time: { element: 1083, array: 1183 },
  timestamp: { element: 1114, array: 1115 },
  timestamptz: { element: 1184, array: 1185 },
  uuid: { element: 2950, array: 2951 },
  varchar: { element: 1043, array: 1015 },
}

/** The OIDs of arrays by the names of their elements' types. */
export const arrayOids: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(ARRAYS).map(([name, { array }]) => [name, array]),
)

const byElement = new Map(Object.values(ARRAYS).map(({ element, array }) => [element, array]))
const byArray = new Map(Object.values(ARRAYS).map(({ element, array }) => [array, element]))

/** The OID of the array of a type; null if it is not known. */
export function arrayOidOf(element: number): number | null {
  return byElement.get(element) ?? null
}

/** The OID of the type of an array's elements; null if it is not known. */
export function elementOidOf(array: number): number | null {
  return byArray.get(array) ?? null
}
