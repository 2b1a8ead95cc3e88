import { encryption } from './encrypt.ts'
import { masking } from './mask.ts'
import { searching } from './search.ts'
import type { ColumnSetting } from './settings/index.ts'
import { tokenizing } from './tokenize.ts'
import type { Column, Transform } from './transform.ts'

/** Every transform; the first one that takes a setting makes its column. Encryption takes what no other does. */
const transforms: readonly Transform[] = [searching, masking, tokenizing, encryption]

/** The column that a setting asks for. To be called once per setting, at start. */
export function columnFor(setting: ColumnSetting): Column {
  for (const transform of transforms) {
    const column = transform.column(setting)
    if (column !== null) return column
  }
  throw new TypeError('no transform takes the setting')
}
