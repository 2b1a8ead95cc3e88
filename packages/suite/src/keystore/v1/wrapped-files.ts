import { KeystoreError } from '../errors.ts'
import type { WrappedFile, WrappedLayout } from '../wrapped-layout.ts'
import { Changes } from './changes.ts'
import { contextsOf, historyFolder, privateFile, readFileName } from './file-names.ts'
import { keyFolders } from './listing.ts'
import { openKey, wrapSecret } from './opening.ts'
import { historyNames } from './versions.ts'

/** The files of a keystore v1 that a master key protects. */
export const wrappedLayoutV1: WrappedLayout = {
  /** History folders without a current file belong to them too: a new key would bring them back. */
  async files(names) {
    const files: WrappedFile[] = []
    for (const folder of keyFolders) {
      const under = (name: string) => (folder === '' ? name : `${folder}/${name}`)
      const privates = await names.list(folder, 'private')
      const known = new Set([...privates, ...(await names.list(folder, 'public'))])
      for (const name of privates) {
        const stem = name.replace(/\.old\/$/, '')
        const isPair = known.has(`${stem}.pub`) || known.has(`${stem}.pub.old/`)
        const ref = stem.endsWith('.pub') ? undefined : readFileName(under(stem), isPair)?.ref
        if (ref === undefined || contextsOf(ref).length === 0) continue
        if (name === stem) files.push({ ref, path: privateFile(ref) })
        else
          for (const rotated of await historyNames(names, privateFile(ref), 'private'))
            files.push({ ref, path: `${historyFolder(privateFile(ref))}/${rotated}` })
      }
    }
    return files
  },
  async opens({ ref }, content, place, wrapper) {
    try {
      const { secret } = await openKey(ref, content, place, wrapper)
      secret.fill(0)
      return true
    } catch (error) {
      if (error instanceof KeystoreError && error.code === 'keystore-key-unreadable') return false
      throw error
    }
  },
  async rewrap({ ref }, content, place, from, to) {
    const { secret } = await openKey(ref, content, place, from)
    try {
      return await wrapSecret(ref, secret, to)
    } finally {
      secret.fill(0)
    }
  },
  mend: (writer, around) => new Changes(writer, around).mend(),
}
