import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import type { Authority } from '../../../net/tls/testing/index.ts'
import { type Answer, type Asked, TlsService } from './tls-service.ts'

export const accessKeyId = 'AKIAACRATESTACRATEST'
export const secretAccessKey = 'a/secret/access/key/of/forty/characters/'
export const region = 'eu-north-1'

const TYPE = 'application/x-amz-json-1.1'

/** A stand-in for AWS KMS: its JSON protocol over TLS, with the signatures of AWS (SigV4) checked. */
export class KmsStandIn {
  readonly service: TlsService
  /** Key material by key id. */
  readonly #keys = new Map<string, Buffer>()
  /** Key ids by alias, `alias/` included. */
  readonly aliases = new Map<string, string>()
  /** An answer of KMS to everything: `AccessDeniedException` and its like; null while it works. */
  refusal: string | null = null

  private constructor(service: (answer: (asked: Asked) => Answer) => TlsService) {
    this.service = service((asked) => this.#answer(asked))
  }

  static async start(authority: Authority): Promise<KmsStandIn> {
    let answer = (_: Asked): Answer => ({ status: 500, body: {} })
    const service = await TlsService.start(authority, 'kms', (asked) => answer(asked))
    return new KmsStandIn((wanted) => {
      answer = wanted
      return service
    })
  }

  /** The content of the file that `kms_credentials_path` names. */
  get credentials(): string {
    const endpoint = this.service.url
    return JSON.stringify({
      access_key_id: accessKeyId,
      secret_access_key: secretAccessKey,
      region,
      endpoint,
    })
  }

  /** Names of the operations that were asked for since the last call. */
  operations(): string[] {
    return this.service.asked.splice(0).map(operationOf)
  }

  /** A key with this alias, made without a request. */
  addKey(alias: string): void {
    this.aliases.set(alias, this.#createKey())
  }

  #createKey(): string {
    const id = randomUUID()
    this.#keys.set(id, randomBytes(32))
    return id
  }

  #answer(asked: Asked): Answer {
    if (!isSigned(asked)) return refused('InvalidSignatureException')
    if (this.refusal !== null) return refused(this.refusal)
    const input = JSON.parse(asked.body) as Record<string, string> // What the API asks for.
    switch (operationOf(asked)) {
      case 'CreateKey':
        return found({ KeyMetadata: { KeyId: this.#createKey(), Enabled: true } })
      case 'CreateAlias':
        if (this.aliases.has(input.AliasName!)) return refused('AlreadyExistsException')
        this.aliases.set(input.AliasName!, input.TargetKeyId!)
        return found(undefined)
    }
    const id = this.aliases.get(input.KeyId!)
    const key = id && this.#keys.get(id)
    if (!id || !key) return refused('NotFoundException')
    switch (operationOf(asked)) {
      case 'DescribeKey':
        return found({ KeyMetadata: { KeyId: id, Enabled: true } })
      case 'Encrypt':
        return found({ KeyId: id, CiphertextBlob: encrypt(id, key, input.Plaintext!) })
      case 'Decrypt':
        return decrypt(id, key, input.CiphertextBlob!)
    }
    return refused('UnknownOperationException')
  }
}

function operationOf({ headers }: Asked): string {
  return String(headers['x-amz-target']).replace('TrentService.', '')
}

/** Id, nonce, tag, ciphertext. */
function encrypt(id: string, key: Buffer, plaintext: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = Buffer.concat([cipher.update(plaintext, 'base64'), cipher.final()])
  return Buffer.concat([Buffer.from(id), iv, cipher.getAuthTag(), body]).toString('base64')
}

function decrypt(id: string, key: Buffer, blob: string): Answer {
  const bytes = Buffer.from(blob, 'base64')
  if (bytes.length < 64) return refused('InvalidCiphertextException')
  if (bytes.subarray(0, 36).toString() !== id) return refused('IncorrectKeyException')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(36, 48))
  decipher.setAuthTag(bytes.subarray(48, 64))
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(64)), decipher.final()])
    return found({ KeyId: id, Plaintext: plain.toString('base64') })
  } catch {
    return refused('InvalidCiphertextException')
  }
}

function found(body: unknown): Answer {
  return { status: 200, body, type: TYPE }
}

function refused(name: string): Answer {
  return { status: 400, body: { __type: name, message: 'refused by the stand-in' }, type: TYPE }
}

/** Whether the signature of a request is that of our credentials (AWS Signature Version 4). */
function isSigned({ method, target, headers, body }: Asked): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/kms\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      String(headers.authorization),
    )
  if (match === null) return false
  const [, id, day, signedRegion, signedHeaders, signature] = match as string[]
  const time = String(headers['x-amz-date'])
  if (id !== accessKeyId || signedRegion !== region || !time.startsWith(day!)) return false
  const names = signedHeaders!.split(';')
  if (!names.includes('host') || !names.includes('x-amz-target')) return false
  const canonicalHeaders = names.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('')
  const payload = createHash('sha256').update(body).digest('hex')
  const canonical = [method, target, '', canonicalHeaders, signedHeaders, payload].join('\n')
  const scope = `${day}/${region}/kms/aws4_request`
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')
  let key: Buffer | string = `AWS4${secretAccessKey}`
  for (const part of [day!, region, 'kms', 'aws4_request', text])
    key = createHmac('sha256', key).update(part).digest()
  return Buffer.from(key).toString('hex') === signature
}
