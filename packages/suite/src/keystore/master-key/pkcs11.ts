import { sourceInvalid } from './source.ts'

const PACKAGE = 'pkcs11js'

/** A handle of a slot, a session or an object. */
export type Handle = Buffer

export interface Attribute {
  readonly type: number
  readonly value?: Buffer | boolean | number | string
}

export interface Mechanism {
  readonly mechanism: number
  readonly parameter?: object
}

/** The part of PKCS#11 that is used, as pkcs11js names it: it is an optional package, so that its own types may be missing. */
export interface Pkcs11 {
  load(path: string): void
  C_Initialize(options: { readonly flags: number }): void
  C_GetSlotList(tokenPresent: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): { readonly label: string }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, userType: number, pin: string): void
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
  C_FindObjects(session: Handle, count: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GenerateKey(session: Handle, mechanism: Mechanism, template: readonly Attribute[]): Handle
  C_GenerateRandom(session: Handle, out: Buffer): Buffer
  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_EncryptAsync(session: Handle, input: Buffer, out: Buffer): Promise<Buffer>
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_DecryptAsync(session: Handle, input: Buffer, out: Buffer): Promise<Buffer>
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_SignAsync(session: Handle, input: Buffer, out: Buffer): Promise<Buffer>
}

/** The constants of the standard that are used. */
export const constants = {
  CKF_OS_LOCKING_OK: 0x2,
  CKF_SERIAL_SESSION: 0x4,
  CKF_RW_SESSION: 0x2,
  CKU_USER: 1,
  CKO_SECRET_KEY: 4,
  CKK_GENERIC_SECRET: 0x10,
  CKK_AES: 0x1f,
  CKA_CLASS: 0x0,
  CKA_TOKEN: 0x1,
  CKA_PRIVATE: 0x2,
  CKA_LABEL: 0x3,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_ENCRYPT: 0x104,
  CKA_DECRYPT: 0x105,
  CKA_SIGN: 0x108,
  CKA_VALUE_LEN: 0x161,
  CKA_EXTRACTABLE: 0x162,
  CKM_GENERIC_SECRET_KEY_GEN: 0x350,
  CKM_SHA256_HMAC: 0x251,
  CKM_AES_KEY_GEN: 0x1080,
  CKM_AES_GCM: 0x1087,
  /** How pkcs11js tells the parameter of AES-GCM. */
  PARAMETER_AES_GCM: 3,
} as const

/** Loads pkcs11js and the library of the device. */
export async function loadPkcs11(library: string): Promise<Pkcs11> {
  const module = await loadPackage()
  const pkcs11 = new module.PKCS11()
  try {
    pkcs11.load(library)
  } catch (cause) {
    throw sourceInvalid(`the PKCS#11 library cannot be loaded: ${library}`, cause)
  }
  try {
    pkcs11.C_Initialize({ flags: constants.CKF_OS_LOCKING_OK })
  } catch (error) {
    if (nameOf(error) !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
      throw sourceInvalid(`the PKCS#11 library cannot be used: ${nameOf(error)}`, error)
  }
  return pkcs11
}

/** The return value of PKCS#11 behind an error: `CKR_PIN_INCORRECT` and its like. */
export function nameOf(error: unknown): string {
  const found = error instanceof Error ? /CKR_\w+/.exec(error.message) : null
  return found?.[0] ?? 'unknown reason'
}

interface Package {
  readonly PKCS11: new () => Pkcs11
}

async function loadPackage(): Promise<Package> {
  // Not a literal: the package is optional, and the compiler must not look for it.
  const name: string = PACKAGE
  try {
    const module = await import(name)
    return module.default ?? module
  } catch (cause) {
    throw sourceInvalid(
      `a hardware security module needs the package ${PACKAGE}, which is compiled when it is installed (C++ compiler, python3): npm install ${PACKAGE}`,
      cause,
    )
  }
}
