import { settle } from '../../../options/index.ts'
import { type MasterKeyOptions, masterKeyOptions } from '../options.ts'
import type { MasterKeySettings } from '../source.ts'

/** Settings with every option at its default, but for `options`. A warning is thrown. */
export function settingsWith(
  options: Partial<MasterKeyOptions>,
  others: Partial<Omit<MasterKeySettings, 'options'>> = {},
): MasterKeySettings {
  const { values } = settle(masterKeyOptions, new Map(), new Map())
  return {
    options: { ...values, ...options },
    environment: {},
    version: 'v1',
    warn: (sentence) => {
      throw new Error(sentence)
    },
    ...others,
  }
}
