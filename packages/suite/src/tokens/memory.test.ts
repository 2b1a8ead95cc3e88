import { memoryTokenStore } from './memory.ts'
import { describeTokenStore } from './token-store.contract.ts'

describeTokenStore('memory', async () => memoryTokenStore())
