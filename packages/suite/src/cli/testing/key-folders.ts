import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Folders for programs that make keys; `remove` removes them. */
export class KeyFolders {
  readonly #root = fs.mkdtempSync(join(tmpdir(), 'acra-keymaker-'))
  #count = 0

  /** A new, empty folder. */
  next(): string {
    const folder = join(this.#root, String(this.#count++))
    fs.mkdirSync(folder)
    return folder
  }

  remove(): void {
    fs.rmSync(this.#root, { recursive: true })
  }
}

/** Every file below a folder with mode and size; history folders are told by their content. */
export function listing(folder: string): Record<string, string> {
  const paths = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const line = (path: string) => {
    const { mode, size } = fs.statSync(join(folder, path))
    const kind = fs.statSync(join(folder, path)).isDirectory() ? 'folder' : String(size)
    return [path, `${(mode & 0o7777).toString(8).padStart(4, '0')} ${kind}`]
  }
  return Object.fromEntries(paths.map(line))
}

/** The bytes of every file, by path. */
export function contents(folder: string): Record<string, string> {
  const paths = Object.keys(listing(folder)).filter((path) =>
    fs.statSync(join(folder, path)).isFile(),
  )
  return Object.fromEntries(paths.map((path) => [path, fs.readFileSync(join(folder, path), 'hex')]))
}
