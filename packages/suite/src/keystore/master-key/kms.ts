import { readFile, stat } from 'node:fs/promises'
import { readTrust } from '../../net/tls/index.ts'
import { reasonOf } from './https-json.ts'
import {
  type MasterKeySettings,
  sourceInvalid,
  sourceRefused,
  sourceUnavailable,
} from './source.ts'

const PACKAGE = '@aws-sdk/client-kms'
const SERVICE = 'AWS KMS'
/** One operation, its repetitions included. */
const TIMEOUT_MS = 15_000
const ATTEMPTS = 3
/** An alias that was made is not seen everywhere at once. spec: keystore §4 */
const ALIAS_POLLS = 10
const ALIAS_POLL_MS = 100
/** What AWS accepts behind `alias/`. */
const ALIAS = /^[A-Za-z0-9/_-]{1,250}$/

/** The part of the SDK that is used: it is an optional package, so that its own types may be missing. */
interface Sdk {
  readonly KMSClient: new (settings: object) => SdkClient
  readonly EncryptCommand: new (input: object) => object
  readonly DecryptCommand: new (input: object) => object
  readonly DescribeKeyCommand: new (input: object) => object
  readonly CreateKeyCommand: new (input: object) => object
  readonly CreateAliasCommand: new (input: object) => object
}

interface SdkClient {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>
  destroy(): void
}

type Fields = Readonly<Record<string, unknown>>

/** AWS KMS, by its official client. Keys are named by their alias, without `alias/`. No encryption context is used, as in the original. */
export class Kms {
  readonly #sdk: Sdk
  readonly #client: SdkClient

  private constructor(sdk: Sdk, client: SdkClient) {
    this.#sdk = sdk
    this.#client = client
  }

  /** Reads the credentials; nothing is asked yet. */
  static async open({ options, environment, warn }: MasterKeySettings): Promise<Kms> {
    const { kms_type, kms_credentials_path, kms_tls_ca } = options
    if (kms_type !== 'aws') throw sourceInvalid('unknown KMS type provided: kms_type must be "aws"')
    const sdk = await loadSdk()
    const given = kms_credentials_path === '' ? {} : await credentials(kms_credentials_path, warn)
    const { ca } = readTrust({ ca: kms_tls_ca, cert: '', key: '', serverName: '' }, environment)
    const client = new sdk.KMSClient({
      ...given,
      maxAttempts: ATTEMPTS,
      requestHandler: { httpsAgent: { ca, keepAlive: true }, connectionTimeout: 3000 },
    })
    return new Kms(sdk, client)
  }

  async encrypt(alias: string, plain: Uint8Array): Promise<Buffer> {
    const input = { KeyId: idOf(alias), Plaintext: plain }
    return blobOf(await this.#send(alias, new this.#sdk.EncryptCommand(input)), 'CiphertextBlob')
  }

  /** The plaintext, for the caller to overwrite; null where this key has not encrypted the blob, or the blob is damaged. */
  async decrypt(alias: string, blob: Uint8Array): Promise<Buffer | null> {
    const input = { KeyId: idOf(alias), CiphertextBlob: blob }
    try {
      return blobOf(await this.#send(alias, new this.#sdk.DecryptCommand(input)), 'Plaintext')
    } catch (error) {
      const answer = answerOf(error)
      if (answer === 'InvalidCiphertextException' || answer === 'IncorrectKeyException') return null
      throw error
    }
  }

  /** Whether the alias names a key. */
  async hasKey(alias: string): Promise<boolean> {
    try {
      await this.#send(alias, new this.#sdk.DescribeKeyCommand({ KeyId: idOf(alias) }))
      return true
    } catch (error) {
      if (answerOf(error) === 'NotFoundException') return false
      throw error
    }
  }

  /** Makes a key with this alias, and waits until it can be found. */
  async createKey(alias: string): Promise<void> {
    const described = { Description: `Acra key ${alias}` }
    const created = await this.#send(alias, new this.#sdk.CreateKeyCommand(described))
    const TargetKeyId = fields(created.KeyMetadata).KeyId
    const input = { AliasName: idOf(alias), TargetKeyId }
    await this.#send(alias, new this.#sdk.CreateAliasCommand(input))
    for (let poll = 0; poll < ALIAS_POLLS; poll++) {
      if (await this.hasKey(alias)) return
      await new Promise((resolve) => setTimeout(resolve, ALIAS_POLL_MS))
    }
    throw sourceUnavailable(`${SERVICE} does not show the key ${idOf(alias)} that was just made`)
  }

  close(): void {
    this.#client.destroy()
  }

  async #send(alias: string, command: object): Promise<Fields> {
    try {
      const abortSignal = AbortSignal.timeout(TIMEOUT_MS)
      return fields(await this.#client.send(command, { abortSignal }))
    } catch (error) {
      throw asSourceError(alias, error)
    }
  }
}

/** The answer of KMS behind an error of ours; null where it did not answer. */
function answerOf(error: unknown): string | null {
  return error instanceof Error && error.cause instanceof Error ? error.cause.name : null
}

/** Answers of KMS that mean no, and what they mean. */
const refusals: Readonly<Record<string, string>> = {
  NotFoundException: 'has no such key',
  AccessDeniedException: 'does not permit it to these credentials',
  UnrecognizedClientException: 'does not know the access key id',
  InvalidSignatureException: 'does not accept the secret access key',
  InvalidClientTokenId: 'does not know the access key id',
  ExpiredTokenException: 'does not accept the credentials any more: they have expired',
  DisabledException: 'has disabled the key',
  KMSInvalidStateException: 'cannot use the key in its state',
  InvalidCiphertextException: 'did not encrypt these bytes with it',
  IncorrectKeyException: 'did not encrypt these bytes with it',
  CredentialsProviderError: 'was not asked: there are no credentials',
}

function asSourceError(alias: string, error: unknown): Error {
  if (!(error instanceof Error)) return sourceUnavailable(`${SERVICE} cannot be reached`, error)
  const refusal = refusals[error.name]
  const told = `${SERVICE}, key ${idOf(alias)}`
  if (refusal !== undefined) return sourceRefused(`${told}: ${SERVICE} ${refusal}`, error)
  // The SDK calls closed connections TimeoutError too; those have a code.
  const isLate =
    error.name === 'AbortError' || (error.name === 'TimeoutError' && !('code' in error))
  const reason = isLate ? `no answer within ${TIMEOUT_MS} ms` : reasonOf(error)
  return sourceUnavailable(`${SERVICE} cannot be reached: ${reason}`, error)
}

function idOf(alias: string): string {
  if (ALIAS.test(alias)) return `alias/${alias}`
  throw sourceInvalid(
    `"${alias}" cannot name a key of ${SERVICE}: only letters, digits, "_" and "-"`,
  )
}

function blobOf(answer: Fields, name: string): Buffer {
  const blob = answer[name]
  if (blob instanceof Uint8Array) return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength)
  throw sourceUnavailable(`${SERVICE} answers without ${name}`)
}

async function loadSdk(): Promise<Sdk> {
  // Not a literal: the package is optional, and the compiler must not look for it.
  const name: string = PACKAGE
  try {
    return await import(name)
  } catch (cause) {
    throw sourceInvalid(`${SERVICE} needs the package ${PACKAGE}: npm install ${PACKAGE}`, cause)
  }
}

async function credentials(path: string, warn: (sentence: string) => void): Promise<object> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
    if (((await stat(path)).mode & 0o077) !== 0)
      warn(`others can read the credentials of ${SERVICE}: chmod 600 ${path}`)
  } catch (cause) {
    throw sourceInvalid(`the credentials of ${SERVICE} cannot be read: ${path}`, cause)
  }
  const { access_key_id, secret_access_key, region, endpoint } = parsed(text, path)
  const optional = endpoint === undefined || typeof endpoint === 'string'
  if (
    typeof access_key_id !== 'string' ||
    typeof secret_access_key !== 'string' ||
    typeof region !== 'string' ||
    !optional
  )
    throw sourceInvalid(
      `${path} must be JSON with "access_key_id", "secret_access_key", "region" and perhaps "endpoint"`,
    )
  return {
    region,
    credentials: { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
    ...(endpoint ? { endpoint } : {}),
  }
}

function parsed(text: string, path: string): Fields {
  try {
    return fields(JSON.parse(text))
  } catch {
    // The parser would tell a piece of the text.
    throw sourceInvalid(`${path} is not JSON`)
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
