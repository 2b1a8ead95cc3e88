/**
 * Checks a path inside a storage: relative, `/` between its parts, no empty part, no `.` or `..`, no NUL. Owners
 * are checked long before; this is the second wall.
 */
export function assertPath(path: string): void {
  const parts = path.split('/')
  const bad = (part: string) => part === '' || part === '.' || part === '..' || part.includes('\0')
  if (parts.some(bad)) throw new TypeError(`not a path inside a storage: ${JSON.stringify(path)}`)
}

/** Orders names by their bytes, as the original does. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
