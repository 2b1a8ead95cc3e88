import { Memory } from './memory.ts'
import { storageContract } from './storage.contract.ts'

storageContract('memory', async () => {
  const storage = new Memory()
  return { storage, reopen: () => storage }
})
