import { readFileSync } from 'node:fs'
import { HsmToken } from './hsm-token.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import type { MasterKeyOptions } from './options.ts'
import { type Environment, type MasterKeySource, sourceInvalid } from './source.ts'

/** The variable with the PIN, where no file has it. */
const PIN_VARIABLE = 'ACRA_HSM_PIN'
/** How a wrapped key begins: the name of the format and its version. */
const HEADER = Buffer.from('AHW1', 'latin1')
const IV_SIZE = 12
const TAG_SIZE = 16

/**
 * The master key stands in a hardware security module and never leaves it: keys are wrapped and unwrapped, and rings signed,
 * inside. The format of a wrapped key: docs/formats/hsm-wrapped-key.md.
 */
export const hsmSource: MasterKeySource = {
  async open({ options, environment, version }) {
    const token = await HsmToken.open(tokenSettings(options, environment))
    try {
      await token.requireKeys(version === 'v2')
      return new HsmWrapper(token, version === 'v2')
    } catch (error) {
      token.close()
      throw error
    }
  },

  /** Makes the keys inside the token; there is nothing to write down. Refuses where one exists. */
  async create({ options, environment, version }) {
    const token = await HsmToken.open(tokenSettings(options, environment))
    try {
      await token.createKeys(version === 'v2')
      return null
    } finally {
      token.close()
    }
  },
}

class HsmWrapper implements KeyWrapper {
  readonly sign: KeyWrapper['sign']
  readonly #token: HsmToken

  constructor(token: HsmToken, signs: boolean) {
    this.#token = token
    this.sign = signs ? (bytes) => token.sign(Buffer.from(bytes)) : null
  }

  async wrap(key: Uint8Array, _: unknown, context: string): Promise<Uint8Array> {
    const iv = await this.#token.random(IV_SIZE)
    const sealed = await this.#token.encrypt(Buffer.from(key), iv, Buffer.from(context))
    return Buffer.concat([HEADER, iv, sealed])
  }

  async unwrap(wrapped: Uint8Array, _: unknown, context: string): Promise<Uint8Array | null> {
    const bytes = Buffer.from(wrapped)
    const start = HEADER.length + IV_SIZE
    if (bytes.length <= start + TAG_SIZE || !bytes.subarray(0, HEADER.length).equals(HEADER))
      return null
    const iv = bytes.subarray(HEADER.length, start)
    return this.#token.decrypt(bytes.subarray(start), iv, Buffer.from(context))
  }

  probe = async () => void (await this.#token.random(1))

  wipe(): void {
    this.#token.close()
  }
}

function tokenSettings(options: MasterKeyOptions, environment: Environment) {
  const { hsm_library: library, hsm_token_label, hsm_slot, hsm_key_label: keyLabel } = options
  if (library === '')
    throw sourceInvalid(
      'hsm_library is empty: name the PKCS#11 library of the hardware security module',
    )
  if (hsm_slot < 0 && hsm_token_label === '')
    throw sourceInvalid('set hsm_token_label or hsm_slot: which token has the master key')
  return {
    library,
    slot: hsm_slot < 0 ? null : hsm_slot,
    tokenLabel: hsm_token_label === '' ? null : hsm_token_label,
    keyLabel,
    pin: () => pinOf(options.hsm_pin_file, environment),
  }
}

/** Read for every login, so that it need not be kept. */
function pinOf(path: string, environment: Environment): string {
  if (path === '') {
    const pin = environment[PIN_VARIABLE] ?? ''
    if (pin !== '') return pin
    throw sourceInvalid(`the PIN of the token is empty: set hsm_pin_file or ${PIN_VARIABLE}`)
  }
  let pin: string
  try {
    pin = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
  } catch (cause) {
    throw sourceInvalid(`the PIN of the token cannot be read: ${path}`, cause)
  }
  if (pin !== '') return pin
  throw sourceInvalid(`the PIN of the token is empty: ${path}`)
}
