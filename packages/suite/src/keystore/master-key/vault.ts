import { readFile } from 'node:fs/promises'
import { revocationSettings } from '../../net/revocation/index.ts'
import { type PeerCheck, readTrust, serviceCheck, type TlsTrust } from '../../net/tls/index.ts'
import { decodeBase64, wrapperOfContent } from './content.ts'
import { type JsonAnswer, requestJson } from './https-json.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import type { MasterKeyOptions } from './options.ts'
import {
  type Environment,
  type MasterKeySource,
  sourceInvalid,
  sourceRefused,
  sourceUnavailable,
} from './source.ts'

/** The variable with the base64 of the token. */
const TOKEN_VARIABLE = 'VAULT_API_TOKEN'
/** The field of the secret: the base64 of a master key as it stands in a file. */
const FIELD = 'acra_master_key'
const SERVICE = 'HashiCorp Vault'
const TIMEOUT_MS = 10_000

/** The master key stands in a KV secret of HashiCorp Vault, version 1 or 2 of the engine. spec: keystore §4, cli-tools §2.5 */
export const vaultSource: MasterKeySource = {
  async open({ options, environment, version, warn }): Promise<KeyWrapper> {
    const vault = await Vault.open(options, environment, warn)
    const text = await vault.readSecret(options.vault_secrets_path)
    const content = decodeBase64(text)
    if (content === null)
      throw sourceInvalid(`${FIELD} in ${SERVICE} must be the base64 of a master key`)
    const wrapper = wrapperOfContent(content, version, `${FIELD} in ${SERVICE}`)
    return {
      wrap: (key, ref, context) => wrapper.wrap(key, ref, context),
      unwrap: (wrapped, ref, context) => wrapper.unwrap(wrapped, ref, context),
      sign: wrapper.sign,
      probe: () => vault.checkHealth(),
      wipe: () => wrapper.wipe(),
    }
  },
}

class Vault {
  readonly #address: URL
  readonly #trust: TlsTrust
  readonly #check: PeerCheck | null
  #token = ''

  private constructor(address: URL, trust: TlsTrust, check: PeerCheck | null) {
    this.#address = address
    this.#trust = trust
    this.#check = check
  }

  /** Logs in. */
  static async open(
    options: MasterKeyOptions,
    environment: Environment,
    warn: (sentence: string) => void,
  ): Promise<Vault> {
    const address = addressOf(options)
    if (address.protocol === 'http:')
      warn(`${SERVICE} is asked without TLS: everybody on the way can read the master key`)
    const trust = readTrust(trustPaths(options), environment)
    const check = serviceCheck(revocationSettings(options, 'vault'), trust.ca, warn)
    const vault = new Vault(address, trust, check)
    vault.#token =
      options.vault_auth_type === 'token'
        ? tokenOf(environment)
        : await vault.#logInByKubernetes(options)
    return vault
  }

  /** The text of the field, from `mount/rest/of/path`. */
  async readSecret(path: string): Promise<string> {
    const [mount = '', ...rest] = path.split('/').filter((part) => part !== '')
    const version = await this.#versionOf(mount)
    const parts = version === 2 ? [mount, 'data', ...rest] : [mount, ...rest]
    const { status, body } = await this.#get(parts.map(encodeURIComponent).join('/'))
    if (status === 404)
      throw sourceInvalid(`${SERVICE} kv secret not found: nothing stands at ${path}`)
    const outer = record(record(body)?.data)
    const data = version === 2 ? record(outer?.data) : outer
    if (outer === null)
      throw sourceInvalid(`${SERVICE} kv secret not found: nothing stands at ${path}`)
    if (data === null)
      throw sourceInvalid('no data path found for kv secret engine version 2: it was deleted')
    const text = data[FIELD]
    if (text === undefined)
      throw sourceInvalid(`ACRA_MASTER_KEY was not found by kv secret path: no field ${FIELD}`)
    if (typeof text !== 'string')
      throw sourceInvalid(`unable to convert acra master key id to string: field ${FIELD}`)
    return text
  }

  /** Rejects where Vault is away, sealed or not set up. Needs no token, so that it may have run out meanwhile. */
  async checkHealth(): Promise<void> {
    const url = this.#url('sys/health?standbyok=true&perfstandbyok=true')
    const { status } = await this.#send('GET', url, {})
    if (status === 503) throw sourceUnavailable(`${SERVICE} at ${this.#address.host} is sealed`)
    if (status < 200 || status > 299)
      throw sourceUnavailable(`${SERVICE} at ${this.#address.host} is not ready: status ${status}`)
  }

  async #versionOf(mount: string): Promise<1 | 2> {
    const { body } = await this.#get('sys/internal/ui/mounts')
    const mounts = record(record(record(body)?.data)?.secret)
    const entries = Object.entries(mounts ?? {})
    const found = record(entries.find(([name]) => name.replaceAll('/', '') === mount)?.[1])
    if (found === null)
      throw sourceInvalid(
        `unable to find secret engine: ${SERVICE} shows no "${mount}/" to this token; vault_secrets_path begins with it`,
      )
    if (found.type !== 'kv')
      throw sourceInvalid(`incorrect secret engine type - should be kv: "${mount}/"`)
    return record(found.options)?.version === '2' ? 2 : 1
  }

  async #logInByKubernetes(options: MasterKeyOptions): Promise<string> {
    const { vault_kubernetes_role: role, vault_kubernetes_token_file: file } = options
    if (role === '')
      throw sourceInvalid('vault_kubernetes_role is empty: name the role to log in for')
    let jwt: string
    try {
      jwt = (await readFile(file, 'utf8')).trim()
    } catch (cause) {
      throw sourceInvalid(`the token of the service account cannot be read: ${file}`, cause)
    }
    const mount = options.vault_kubernetes_mount.split('/').map(encodeURIComponent).join('/')
    const body = JSON.stringify({ role, jwt })
    const answer = await this.#send('POST', this.#url(`auth/${mount}/login`), {}, body)
    if (answer.status === 400 || answer.status === 403)
      throw sourceRefused(`${SERVICE} refuses the Kubernetes login for role "${role}"`)
    this.#checkAnswered(answer)
    const token = record(record(answer.body)?.auth)?.client_token
    if (typeof token !== 'string') throw sourceInvalid(`${SERVICE} answers a login without a token`)
    return token
  }

  async #get(path: string): Promise<JsonAnswer> {
    const answer = await this.#send('GET', this.#url(path), { 'x-vault-token': this.#token })
    if (answer.status === 404) return answer
    this.#checkAnswered(answer)
    return answer
  }

  #checkAnswered({ status }: JsonAnswer): void {
    const { host } = this.#address
    if (status === 200) return
    if (status === 403)
      throw sourceRefused(`${SERVICE} at ${host} refuses: the token is not valid, or may not read`)
    if (status === 503) throw sourceUnavailable(`${SERVICE} at ${host} is sealed`)
    if (status === 307)
      throw sourceUnavailable(`${SERVICE} at ${host} is not the active node; name that one`)
    throw sourceUnavailable(`${SERVICE} at ${host} answers with status ${status}`)
  }

  #send(
    method: 'GET' | 'POST',
    url: URL,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<JsonAnswer> {
    return requestJson(SERVICE, {
      method,
      url,
      headers: { 'x-vault-request': 'true', ...headers },
      ...(body === undefined ? {} : { body }),
      trust: this.#trust,
      check: this.#check,
      timeoutMs: TIMEOUT_MS,
    })
  }

  #url(path: string): URL {
    return new URL(`${this.#address.pathname.replace(/\/$/, '')}/v1/${path}`, this.#address)
  }
}

function addressOf(options: MasterKeyOptions): URL {
  const text = options.vault_connection_api_string
  if (text === '')
    throw sourceInvalid(
      'empty Hashicorp Vault connection URL provided: set vault_connection_api_string',
    )
  const address = URL.canParse(text) ? new URL(text) : null
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:')
    throw sourceInvalid('vault_connection_api_string must be http(s)://host:port')
  if (address.protocol === 'http:' && options.vault_tls_transport_enable)
    throw sourceInvalid(
      'vault_tls_transport_enable asks for TLS and vault_connection_api_string is http://; write https://',
    )
  return address
}

function trustPaths(options: MasterKeyOptions) {
  const { vault_tls_ca_path: older, vault_tls_client_ca: ca } = options
  if (older !== '' && ca !== '' && older !== ca)
    throw sourceInvalid('vault_tls_ca_path and vault_tls_client_ca are the same option: set one')
  return {
    ca: ca || older,
    cert: options.vault_tls_client_cert,
    key: options.vault_tls_client_key,
    serverName: options.vault_tls_client_sni,
  }
}

function tokenOf(environment: Environment): string {
  const text = environment[TOKEN_VARIABLE]
  const token =
    text === undefined
      ? null
      : decodeBase64(text)
          ?.toString()
          .replace(/[\r\n]+$/, '')
  if (!text?.trim() || token === '')
    throw sourceInvalid(
      `${SERVICE} api token is empty: set ${TOKEN_VARIABLE} to the base64 of the token`,
    )
  if (token === undefined || token === null)
    throw sourceInvalid(`failed to decode ${TOKEN_VARIABLE}: it must be the base64 of the token`)
  if (!/^[\x21-\x7e]+$/.test(token))
    throw sourceInvalid(`${TOKEN_VARIABLE} decodes to something that is no token`)
  return token
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? { ...value } : null
}
