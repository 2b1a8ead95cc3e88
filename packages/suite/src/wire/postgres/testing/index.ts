/**
 * Messages for tests, one builder per message, made without the codecs they test. Layouts:
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

export function frame(type: string, ...body: Uint8Array[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(content.length + 4), content])
}

export function int16(value: number): Buffer {
  return Buffer.of((value >> 8) & 255, value & 255)
}

export function int32(value: number): Buffer {
  return Buffer.of((value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255)
}

export function string(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

/** A value with its length; null is NULL. */
export function value(content: string | Uint8Array | null): Buffer {
  if (content === null) return int32(-1)
  const bytes = Buffer.from(content)
  return Buffer.concat([int32(bytes.length), bytes])
}

type Values = readonly (string | Uint8Array | null)[]

export const query = (text: string) => frame('Q', string(text))
export const parse = (statement: string, text: string, types: readonly number[] = []) =>
  frame('P', string(statement), string(text), int16(types.length), ...types.map(int32))
export const bind = (
  portal: string,
  statement: string,
  values: Values,
  formats: readonly number[] = [],
  resultFormats: readonly number[] = [],
) =>
  frame(
    'B',
    string(portal),
    string(statement),
    int16(formats.length),
    ...formats.map(int16),
    int16(values.length),
    ...values.map(value),
    int16(resultFormats.length),
    ...resultFormats.map(int16),
  )
export const describe = (kind: 'S' | 'P', name: string) =>
  frame('D', Buffer.from(kind), string(name))
export const close = (kind: 'S' | 'P', name: string) => frame('C', Buffer.from(kind), string(name))
export const execute = (portal: string, rows = 0) => frame('E', string(portal), int32(rows))
export const sync = () => frame('S')
export const flush = () => frame('H')
export const terminate = () => frame('X')
export const copyData = (content: string | Uint8Array) => frame('d', Buffer.from(content))

export interface FieldParts {
  readonly name: string
  readonly tableOid?: number
  readonly columnNumber?: number
  readonly typeOid?: number
  readonly typeSize?: number
  readonly typeModifier?: number
  readonly format?: number
}

export const rowDescription = (...fields: readonly FieldParts[]) =>
  frame(
    'T',
    int16(fields.length),
    ...fields.flatMap((field) => [
      string(field.name),
      int32(field.tableOid ?? 0),
      int16(field.columnNumber ?? 0),
      int32(field.typeOid ?? 25),
      int16(field.typeSize ?? -1),
      int32(field.typeModifier ?? -1),
      int16(field.format ?? 0),
    ]),
  )
export const dataRow = (...values: Values) => frame('D', int16(values.length), ...values.map(value))
export const parameterDescription = (...types: readonly number[]) =>
  frame('t', int16(types.length), ...types.map(int32))
export const commandComplete = (tag: string) => frame('C', string(tag))
export const readyForQuery = (status: string) => frame('Z', Buffer.from(status))
export const errorResponse = (fields: Readonly<Record<string, string>>) =>
  frame(
    'E',
    ...Object.entries(fields).map(([type, text]) => string(`${type}${text}`)),
    Buffer.of(0),
  )
export const parameterStatus = (name: string, content: string) =>
  frame('S', string(name), string(content))
export const backendKeyData = (processId: number, secret: Uint8Array) =>
  frame('K', int32(processId), secret)
export const authentication = (request: number, ...rest: Uint8Array[]) =>
  frame('R', int32(request), ...rest)
export const parseComplete = () => frame('1')
export const bindComplete = () => frame('2')
