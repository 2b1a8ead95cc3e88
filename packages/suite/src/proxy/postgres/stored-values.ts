import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { type Access, TransformError } from '../../transform/index.ts'
import type { PlannedColumn } from '../columns.ts'
import { RefusedError, unprotectable } from './refusal.ts'

/** Appends what is stored for a plain value. Throws RefusedError where it cannot be protected. */
export function protectValue(
  plain: Uint8Array,
  { column, setting }: PlannedColumn,
  access: Access,
  out: BufferSink,
): Soon<void> {
  const failed = (error: unknown): never => {
    if (error instanceof TransformError) {
      throw new RefusedError(unprotectable(setting, error.message), { cause: error })
    }
    throw error
  }
  try {
    const done = column.protect(plain, access, out)
    return done instanceof Promise ? done.catch(failed) : done
  } catch (error) {
    return failed(error)
  }
}

/** What is stored for a plain value, as bytes of its own. */
export function storedForm(
  plain: Uint8Array,
  planned: PlannedColumn,
  access: Access,
): Soon<Buffer> {
  const out = new BufferSink()
  return soon(protectValue(plain, planned, access, out), () => out.take())
}
