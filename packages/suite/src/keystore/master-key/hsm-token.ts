import {
  type Attribute,
  constants as ck,
  type Handle,
  loadPkcs11,
  type Mechanism,
  nameOf,
  type Pkcs11,
} from './pkcs11.ts'
import { sourceInvalid, sourceRefused, sourceUnavailable } from './source.ts'

const KEY_SIZE = 32
const TAG_BITS = 128
const TAG_SIZE = TAG_BITS / 8
const SIGNATURE_SIZE = 32
/** What the label of the signature key of a keystore v2 has at its end. */
const SIGNATURE_SUFFIX = '_signature'

export interface HsmTokenSettings {
  readonly library: string
  /** Number of the slot; null to look for the token by its label. */
  readonly slot: number | null
  readonly tokenLabel: string | null
  readonly keyLabel: string
  /** Asked at every login. Throws KeystoreError where there is none. */
  readonly pin: () => string
}

/** A session with a login, and the keys found by it. */
interface Session {
  readonly handle: Handle
  readonly keys: Map<string, Handle>
}

/** Answers of a device that its session is gone: the token was pulled out, the device was restarted. */
const LOST = new Set([
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_DEVICE_REMOVED',
  'CKR_DEVICE_ERROR',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
])

/** Answers that ciphertext or tag are wrong. SoftHSM says the general one. */
const NOT_OPENED = new Set([
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
  'CKR_AEAD_DECRYPT_FAILED',
  'CKR_GENERAL_ERROR',
])

/** A token of a hardware security module and the master key in it. Operations stand in line, since a session does one at a time. */
export class HsmToken {
  readonly #pkcs11: Pkcs11
  readonly #settings: HsmTokenSettings
  #session: Session | null = null
  #line: Promise<unknown> = Promise.resolve()
  #isClosed = false

  private constructor(pkcs11: Pkcs11, settings: HsmTokenSettings) {
    this.#pkcs11 = pkcs11
    this.#settings = settings
  }

  /** Loads the library and logs in. */
  static async open(settings: HsmTokenSettings): Promise<HsmToken> {
    const token = new HsmToken(await loadPkcs11(settings.library), settings)
    await token.#inLine(() => {})
    return token
  }

  /** Throws where a key is missing. */
  async requireKeys(withSignature: boolean): Promise<void> {
    await this.#inLine((session) => {
      this.#key(session, this.#settings.keyLabel)
      if (withSignature) this.#key(session, this.#signatureLabel)
    })
  }

  /** Makes the keys, so that no one can read them out. Throws where one exists. */
  async createKeys(withSignature: boolean): Promise<void> {
    await this.#inLine((session) => {
      const { keyLabel } = this.#settings
      const labels = withSignature ? [keyLabel, this.#signatureLabel] : [keyLabel]
      for (const label of labels)
        if (this.#find(session, label).length > 0)
          throw sourceInvalid(`the token has a key "${label}" already; it is not replaced`)
      this.#generate(session, ck.CKM_AES_KEY_GEN, ck.CKK_AES, keyLabel, [
        { type: ck.CKA_ENCRYPT, value: true },
        { type: ck.CKA_DECRYPT, value: true },
      ])
      if (!withSignature) return
      const { CKM_GENERIC_SECRET_KEY_GEN: mechanism, CKK_GENERIC_SECRET: type } = ck
      this.#generate(session, mechanism, type, this.#signatureLabel, [
        { type: ck.CKA_SIGN, value: true },
      ])
    })
  }

  random(size: number): Promise<Buffer> {
    return this.#inLine(({ handle }) => this.#pkcs11.C_GenerateRandom(handle, Buffer.alloc(size)))
  }

  /** Ciphertext and tag. */
  encrypt(plain: Buffer, iv: Buffer, context: Buffer): Promise<Buffer> {
    return this.#inLine((session) => {
      const key = this.#key(session, this.#settings.keyLabel)
      this.#pkcs11.C_EncryptInit(session.handle, gcm(iv, context), key)
      const out = Buffer.alloc(plain.length + TAG_SIZE)
      return this.#pkcs11.C_EncryptAsync(session.handle, plain, out)
    })
  }

  /** Null where the tag does not fit. */
  decrypt(sealed: Buffer, iv: Buffer, context: Buffer): Promise<Buffer | null> {
    return this.#inLine(async (session) => {
      const key = this.#key(session, this.#settings.keyLabel)
      this.#pkcs11.C_DecryptInit(session.handle, gcm(iv, context), key)
      try {
        const out = Buffer.alloc(sealed.length)
        return await this.#pkcs11.C_DecryptAsync(session.handle, sealed, out)
      } catch (error) {
        if (NOT_OPENED.has(nameOf(error))) return null
        throw error
      }
    })
  }

  /** HMAC-SHA256 by the signature key. */
  sign(bytes: Buffer): Promise<Buffer> {
    return this.#inLine((session) => {
      const key = this.#key(session, this.#signatureLabel)
      this.#pkcs11.C_SignInit(session.handle, { mechanism: ck.CKM_SHA256_HMAC }, key)
      return this.#pkcs11.C_SignAsync(session.handle, bytes, Buffer.alloc(SIGNATURE_SIZE))
    })
  }

  close(): void {
    this.#isClosed = true
    void this.#line.then(() => this.#forget())
  }

  get #signatureLabel(): string {
    return this.#settings.keyLabel + SIGNATURE_SUFFIX
  }

  /** Works with the session when those before are done. A session that is lost is opened again, once. */
  #inLine<T>(work: (session: Session) => T | Promise<T>): Promise<T> {
    const mine = this.#line.then(async () => {
      if (this.#isClosed) throw new Error('a wiped master key was used')
      try {
        return await work(this.#session ?? this.#logIn())
      } catch (error) {
        if (!LOST.has(nameOf(error))) throw this.#told(error)
      }
      this.#forget()
      try {
        return await work(this.#logIn())
      } catch (error) {
        throw this.#told(error)
      }
    })
    this.#line = mine.catch(() => {})
    return mine
  }

  #logIn(): Session {
    const slot = this.#slot()
    const flags = ck.CKF_SERIAL_SESSION | ck.CKF_RW_SESSION
    const handle = this.#pkcs11.C_OpenSession(slot, flags)
    try {
      this.#pkcs11.C_Login(handle, ck.CKU_USER, this.#settings.pin())
    } catch (error) {
      // Another session of this process has logged in, as in a reload.
      if (nameOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') {
        this.#pkcs11.C_CloseSession(handle)
        throw error
      }
    }
    this.#session = { handle, keys: new Map() }
    return this.#session
  }

  #slot(): Handle {
    const { slot: number, tokenLabel } = this.#settings
    const slots = this.#pkcs11.C_GetSlotList(true)
    const found =
      number === null
        ? slots.find((slot) => this.#pkcs11.C_GetTokenInfo(slot).label.trim() === tokenLabel)
        : slots.find((slot) => numberOf(slot) === BigInt(number))
    if (found !== undefined) return found
    const wanted =
      number === null ? `a token labelled "${tokenLabel}"` : `a token in slot ${number}`
    throw sourceUnavailable(`the hardware security module has not ${wanted}`)
  }

  #key(session: Session, label: string): Handle {
    const known = session.keys.get(label)
    if (known !== undefined) return known
    const [key, second] = this.#find(session, label)
    if (key === undefined)
      throw sourceInvalid(
        `the token has no key "${label}": make it with acra-keymaker --keystore_encryption_type=hsm_master_key --generate_hsm_master_key`,
      )
    if (second !== undefined) throw sourceInvalid(`the token has several keys "${label}"`)
    session.keys.set(label, key)
    return key
  }

  #find({ handle }: Session, label: string): Handle[] {
    this.#pkcs11.C_FindObjectsInit(handle, [
      { type: ck.CKA_CLASS, value: ck.CKO_SECRET_KEY },
      { type: ck.CKA_LABEL, value: label },
    ])
    try {
      return this.#pkcs11.C_FindObjects(handle, 2)
    } finally {
      this.#pkcs11.C_FindObjectsFinal(handle)
    }
  }

  #generate(
    { handle }: Session,
    mechanism: number,
    keyType: number,
    label: string,
    uses: readonly Attribute[],
  ): void {
    this.#pkcs11.C_GenerateKey(handle, { mechanism }, [
      { type: ck.CKA_CLASS, value: ck.CKO_SECRET_KEY },
      { type: ck.CKA_KEY_TYPE, value: keyType },
      { type: ck.CKA_VALUE_LEN, value: KEY_SIZE },
      { type: ck.CKA_LABEL, value: label },
      { type: ck.CKA_ID, value: Buffer.from(label) },
      { type: ck.CKA_TOKEN, value: true },
      { type: ck.CKA_PRIVATE, value: true },
      { type: ck.CKA_SENSITIVE, value: true },
      { type: ck.CKA_EXTRACTABLE, value: false },
      ...uses,
    ])
  }

  #forget(): void {
    const session = this.#session
    this.#session = null
    if (session === null) return
    try {
      this.#pkcs11.C_CloseSession(session.handle)
    } catch (error) {
      // It is gone, which is why it is forgotten.
      if (!LOST.has(nameOf(error))) throw this.#told(error)
    }
  }

  /** The error for the caller: ours as it is, one of the device with its name. */
  #told(error: unknown): unknown {
    const name = nameOf(error)
    if (!name.startsWith('CKR_')) return error
    const told = `the hardware security module answers ${name}`
    if (name === 'CKR_PIN_INCORRECT' || name === 'CKR_PIN_LOCKED' || name === 'CKR_PIN_LEN_RANGE')
      return sourceRefused(`${told}: the PIN is not the one of the token, or is locked`, error)
    return sourceUnavailable(told, error)
  }
}

function gcm(iv: Buffer, context: Buffer): Mechanism {
  const type = ck.PARAMETER_AES_GCM
  const parameter = { type, iv, aad: context, ivBits: iv.length * 8, tagBits: TAG_BITS }
  return { mechanism: ck.CKM_AES_GCM, parameter }
}

/** A handle is a number in the byte order of the machine. */
function numberOf(handle: Handle): bigint {
  return handle.length === 8 ? handle.readBigUInt64LE() : BigInt(handle.readUInt32LE())
}
