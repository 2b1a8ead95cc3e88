import { type OnReadOpts, Socket } from 'node:net'

/**
 * What Node has no documented interface for: it stands here and nowhere else. A socket that was dialled can read into memory
 * of ours (`onread`), one that was accepted cannot, though its handle is of the same kind.
 */
interface Undocumented {
  _handle: Handle | null
}

interface Handle {
  useUserBuffer?(memory: Uint8Array): void
  readStop?(): number
  reading?: boolean
}

/** `manualStart` is not in the type: the new socket reads when it is told to. */
interface SocketSettings {
  readonly handle: Handle
  readonly onread: OnReadOpts
  readonly allowHalfOpen: boolean
  readonly manualStart: true
}

/**
 * The connection of `accepted`, which nobody has read yet, as a socket that reads by `onread` once it is resumed, as those of `dial` do: there
 * are no `data` events then. Closing it closes `accepted` too, so that whoever counts connections sees it go; but for that `accepted` is
 * not to be used any more. Null where this version of Node cannot do so, and `accepted` is as it was.
 */
export function readingInto(accepted: Socket, onread: OnReadOpts): Socket | null {
  const stolen = accepted as unknown as Undocumented
  const handle = stolen._handle
  if (typeof handle?.useUserBuffer !== 'function' || typeof handle.readStop !== 'function') {
    return null
  }
  handle.reading = false
  handle.readStop()
  stolen._handle = null
  const settings: SocketSettings = {
    handle,
    onread,
    allowHalfOpen: accepted.allowHalfOpen,
    manualStart: true,
  }
  const socket = new Socket(settings as object)
  socket.once('close', () => accepted.destroy())
  return socket
}
