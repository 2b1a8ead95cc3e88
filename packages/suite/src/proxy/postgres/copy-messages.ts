import { BufferSink } from '../../foundation/index.ts'
import { Frontend, MessageWriter } from '../../wire/postgres/index.ts'

/** CopyData: the same from either side. */
export function copyDataMessage(data: Buffer): Buffer {
  return message(Frontend.copyData, (writer) => writer.sink.append(data))
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
