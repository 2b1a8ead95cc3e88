import { after } from 'node:test'
import { diagnosisContract } from './diagnosis.contract.ts'
import { keystoreContract } from './keystore.contract.ts'
import { Files } from './storage/files.ts'
import { Memory } from './storage/memory.ts'
import { layouts, TestFolders } from './testing/stores.ts'
import { lockFile } from './v2/marker.ts'

const folders = new TestFolders()
after(() => folders.remove())

for (const layout of Object.values(layouts)) {
  keystoreContract(layout, 'memory', async () => new Memory())
  diagnosisContract(layout, 'memory', async () => new Memory())
  keystoreContract(
    layout,
    'files',
    async () =>
      new Files({
        folder: folders.next(),
        lock: layout.name === 'v2' ? { target: lockFile } : {},
      }),
    { damages: false },
  )
}
