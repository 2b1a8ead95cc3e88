/**
 * Checks a path inside a storage: relative, `/` between its parts, no empty part, no `.` or `..`, no NUL. Owners
 * are checked long before; this is the second wall.
 */
export function assertPath(path: string): void {
  const parts = path.split('/')
  const bad = (part: string) => part === '' || part === '.' || part === '..' || part.includes('\0')
  if (parts.some(bad)) throw new TypeError(`not a path inside a storage: ${JSON.stringify(path)}`)
}

/** Orders names as the original does: by their bytes, which for names of keys are their code units. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
