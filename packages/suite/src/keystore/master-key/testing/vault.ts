import type { Authority } from '../../../net/tls/testing/index.ts'
import { type Answer, type Asked, TlsService } from './tls-service.ts'

/** What a stand-in for HashiCorp Vault holds. */
export interface VaultContent {
  /** Tokens that may read. */
  readonly tokens: Set<string>
  /** Type and version of the engine under each mount, `secret/` and its like. */
  readonly mounts: Record<
    string,
    { readonly type: string; readonly options?: { readonly version: string } }
  >
  /** Fields by mount and path: `secret/acra`. */
  readonly secrets: Record<string, Readonly<Record<string, unknown>>>
  /** Service accounts by role, and the token that each login gives. */
  readonly roles: Record<string, { readonly jwt: string; readonly token: string }>
  isSealed: boolean
}

/** A stand-in for HashiCorp Vault: its HTTP API over TLS, as far as a reader of KV secrets meets it. */
export class VaultStandIn {
  readonly service: TlsService
  readonly content: VaultContent

  private constructor(service: TlsService, content: VaultContent) {
    this.service = service
    this.content = content
  }

  static async start(authority: Authority, asksForCertificate = false): Promise<VaultStandIn> {
    const content: VaultContent = {
      tokens: new Set(['hvs.a-token']),
      mounts: {
        'secret/': { type: 'kv', options: { version: '2' } },
        'old/': { type: 'kv', options: { version: '1' } },
        'older/': { type: 'kv' },
        'cubbyhole/': { type: 'cubbyhole' },
      },
      secrets: {},
      roles: {},
      isSealed: false,
    }
    const answer = (asked: Asked) => answerOf(content, asked)
    const service = await TlsService.start(authority, 'vault', answer, asksForCertificate)
    return new VaultStandIn(service, content)
  }
}

function answerOf(content: VaultContent, { method, target, headers, body }: Asked): Answer {
  const { pathname } = new URL(target, 'https://vault')
  if (!pathname.startsWith('/v1/')) return error(404)
  const path = decodeURIComponent(pathname.slice('/v1/'.length))
  if (path === 'sys/health') return { status: content.isSealed ? 503 : 200, body: {} }
  if (content.isSealed) return error(503, 'Vault is sealed')
  const login = /^auth\/kubernetes\/login$/.test(path)
  if (login && method === 'POST') return logIn(content, body)
  if (!content.tokens.has(String(headers['x-vault-token']))) return error(403, 'permission denied')
  if (method !== 'GET') return error(405)
  if (path === 'sys/internal/ui/mounts')
    return { status: 200, body: { data: { secret: content.mounts, auth: {} } } }
  return secretAt(content, path)
}

function secretAt({ mounts, secrets }: VaultContent, path: string): Answer {
  const [mount = '', ...rest] = path.split('/')
  const engine = mounts[`${mount}/`]
  if (engine === undefined) return error(404)
  const isVersion2 = engine.options?.version === '2'
  if (isVersion2 && rest.shift() !== 'data') return error(404)
  const fields = secrets[[mount, ...rest].join('/')]
  if (fields === undefined) return error(404)
  const metadata = { version: 1, destroyed: false }
  return {
    status: 200,
    body: isVersion2 ? { data: { data: fields, metadata } } : { data: fields },
  }
}

function logIn({ roles, tokens }: VaultContent, body: string): Answer {
  const { role, jwt } = JSON.parse(body) as { role: string; jwt: string } // What the API asks for.
  const known = roles[role]
  if (known === undefined) return error(400, 'invalid role name')
  if (known.jwt !== jwt) return error(403, 'permission denied')
  tokens.add(known.token)
  return { status: 200, body: { auth: { client_token: known.token, policies: ['acra'] } } }
}

function error(status: number, ...errors: string[]): Answer {
  return { status, body: { errors } }
}
