/** The crypto package by itself, in a process of its own: seals as many AcraBlocks as the parent asks for, and answers when it has. */
import { BlockKey, generateSymmetricKey, sealBlockInContainer } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { RepeatedSink } from './repeated-sink.ts'

const key = new BlockKey(nodePrimitives, generateSymmetricKey(nodePrimitives))
const sink = new RepeatedSink()

process.on('message', ({ value, count }: { value: string; count: number }) => {
  const plain = Buffer.from(value)
  for (let i = 0; i < count; i++) {
    sink.length = 0
    sealBlockInContainer(key, plain, sink)
  }
  process.send?.('done')
})
process.send?.('ready')
