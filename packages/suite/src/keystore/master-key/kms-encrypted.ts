import { generateMasterKey, wrapperOfContent } from './content.ts'
import { contentOfVariable, MASTER_KEY_VARIABLE } from './env.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { Kms } from './kms.ts'
import { type MasterKeySettings, type MasterKeySource, sourceInvalid } from './source.ts'

/** The key of the KMS that encrypts the master key. */
const ALIAS = 'acra_master_key'

/** `ACRA_MASTER_KEY` holds the master key encrypted by a KMS. spec: keystore §4 */
export const kmsEncryptedSource: Required<MasterKeySource> = {
  async open(settings) {
    const kms = await Kms.open(settings)
    try {
      return await openEncrypted(kms, settings)
    } catch (error) {
      kms.close()
      throw error
    }
  },

  /** Makes the key of the KMS as well; refuses where it exists, since another master key depends on it. */
  async create(settings) {
    const kms = await Kms.open(settings)
    try {
      if (await kms.hasKey(ALIAS)) throw sourceInvalid(`Key already exist in KMS: alias/${ALIAS}`)
      const content = generateMasterKey(settings.version)
      await kms.createKey(ALIAS)
      return await kms.encrypt(ALIAS, content).finally(() => content.fill(0))
    } finally {
      kms.close()
    }
  },
}

/** The wrapper of the master key that stands encrypted in the environment. It closes `kms` when it is wiped. */
export async function openEncrypted(
  kms: Kms,
  { environment, version }: MasterKeySettings,
): Promise<KeyWrapper> {
  const encrypted = contentOfVariable(environment)
  const decrypt = async () => {
    const content = await kms.decrypt(ALIAS, encrypted)
    if (content !== null) return content
    throw sourceInvalid(
      `${MASTER_KEY_VARIABLE} does not hold a master key that AWS KMS has encrypted with alias/${ALIAS}`,
    )
  }
  const wrapper = wrapperOfContent(await decrypt(), version, MASTER_KEY_VARIABLE)
  return {
    wrap: (key, ref, context) => wrapper.wrap(key, ref, context),
    unwrap: (wrapped, ref, context) => wrapper.unwrap(wrapped, ref, context),
    sign: wrapper.sign,
    probe: async () => void (await decrypt()).fill(0),
    wipe() {
      wrapper.wipe()
      kms.close()
    },
  }
}
