import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { Frontend, MessageWriter } from '../../wire/postgres/index.ts'

/** Appends what `write` appends as a message CopyData, which is the same from either side; nothing where that is nothing. */
export function writeCopyData(sink: BufferSink, write: () => Soon<void>): Soon<void> {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Frontend.copyData)
  const begin = sink.length
  return soon(write(), () => (sink.length > begin ? writer.endFrame() : writer.dropFrame()))
}

/** CopyFail without a reason: the client gets one of ours. */
export const copyFailMessage = message(Frontend.copyFail, (writer) => writer.latin1(''))

function message(type: number, write: (writer: MessageWriter) => void): Buffer {
  const sink = new BufferSink()
  const writer = new MessageWriter(sink)
  writer.beginFrame(type)
  write(writer)
  writer.endFrame()
  return Buffer.from(sink.take())
}
