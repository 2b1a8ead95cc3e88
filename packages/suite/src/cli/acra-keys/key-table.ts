import { type KeyDescription, keyId, type Purpose, purposes } from '../../keystore/index.ts'

/** What the original calls the keys of a purpose. spec: cli-tools §6.1 */
const titles: Readonly<Record<Purpose, string>> = {
  'transport-connector': 'AcraConnector transport key',
  'transport-server': 'AcraServer transport key',
  'transport-translator': 'AcraTranslator transport key',
  storage: 'client storage key',
  'storage-symmetric': 'client storage symmetric key',
  hmac: 'encrypted search HMAC key',
  zone: 'zone storage key',
  'zone-symmetric': 'zone storage symmetric key',
  poison: 'poison record key',
  'poison-symmetric': 'poison record symmetric key',
  'audit-log': 'audit log signature key',
  'audit-log-signing': 'audit log checkpoint signing key',
  authentication: 'authentication key',
}

/** Descriptions as the tables of `acra-keys` show them: current ones, then, below a title, the rotated ones. */
export function keyTable(keys: readonly KeyDescription[], withRotated: boolean): string {
  const current = keys.filter(({ index }) => index === 1)
  const text = table(
    ['Index', 'Key purpose', 'Client', 'Key ID'],
    current.map((key) => [
      String(key.index),
      key.publicOnly ? `${titles[key.ref.purpose]} (public)` : titles[key.ref.purpose],
      key.ref.owner ?? '',
      keyId(key.ref),
    ]),
  )
  const rotated = withRotated ? keys.filter(({ index }) => index > 1) : []
  if (rotated.length === 0) return text
  return `${text}\nRotated keys: \n${table(
    ['Index', 'Key purpose', 'Client', 'Rotation Time', 'Key ID'],
    rotated.map((key) => [
      String(key.index),
      titles[key.ref.purpose],
      key.ref.owner ?? '',
      key.rotatedAt === null ? '' : goTime(key.rotatedAt),
      keyId(key.ref),
    ]),
  )}`
}

/** The same for programs: one line of JSON. */
export function keyJson(keys: readonly KeyDescription[], withRotated: boolean): string {
  const current = keys.filter(({ index }) => index === 1)
  const rotated = withRotated ? keys.filter(({ index }) => index > 1) : []
  return `${JSON.stringify([...current, ...rotated].map(entryOf))}\n`
}

function entryOf({ ref, index, rotatedAt, publicOnly }: KeyDescription) {
  const { owner: kind } = purposes[ref.purpose]
  return {
    Index: index,
    KeyID: keyId(ref),
    State: index === 1 ? 'current' : 'rotated',
    Purpose: titles[ref.purpose],
    ...(kind === 'client' ? { ClientID: ref.owner } : {}),
    ...(kind === 'zone' ? { ZoneID: ref.owner } : {}),
    ...(rotatedAt === null ? {} : { RotationTime: rotatedAt.toISOString() }),
    ...(publicOnly ? { PublicOnly: true } : {}),
  }
}

/** Columns as wide as their widest cell, but for the last one, which is not padded. */
function table(titleRow: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titleRow.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), titleRow[column]!.length),
  )
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, at) => (at < cells.length - 1 ? cell.padEnd(widths[at]!) : cell)).join(' | ')}\n`
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-')
  return `${line(titleRow)}${rule}\n${rows.map(line).join('')}`
}

/** `2006-01-02 15:04:05 +0000 UTC`. */
function goTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
}
