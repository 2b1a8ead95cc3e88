/** The description of the HTTP interface in OpenAPI 3.1, and a page that shows it without anything from elsewhere. */
import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  bulkRequest,
  bulkResponse,
  dataRequest,
  dataResponse,
  errorResponse,
  tokenRequest,
  tokenResponse,
} from './http-schemas.ts'
import { operations } from './operations.ts'
import { tokenOperations } from './token-requests.ts'

const refusals = {
  400: { description: 'The request cannot be understood', ...json(errorResponse) },
  413: { description: 'The request is too large', ...json(errorResponse) },
  422: { description: 'The operation failed', ...json(errorResponse) },
} as const

/** Describes every path of the interface. */
export function describe({ openAPIRegistry }: OpenAPIHono<{ Bindings: HttpBindings }>): void {
  const paths = [
    ...operations.map((operation) => ({ ...operation, asks: dataRequest, gives: dataResponse })),
    ...tokenOperations.map((operation) => ({
      ...operation,
      asks: tokenRequest,
      gives: tokenResponse,
    })),
  ]
  for (const { name, summary, asks, gives } of paths) {
    openAPIRegistry.registerPath({
      method: 'post',
      path: `/v2/${name}`,
      operationId: name,
      summary,
      request: { body: { required: true, ...json(asks) } },
      responses: { 200: { description: 'Done', ...json(gives) }, ...refusals },
    })
  }
  openAPIRegistry.registerPath({
    method: 'post',
    path: '/v2/bulkProcessing',
    operationId: 'bulkProcessing',
    summary: 'Many operations at once; each has an answer or an error of its own',
    request: { body: { required: true, ...json(bulkRequest) } },
    responses: { 200: { description: 'Done', ...json(bulkResponse) }, ...refusals },
  })
  const bytes = { content: { 'application/octet-stream': { schema: z.string() } } }
  for (const [name, summary] of [
    ['encrypt', 'Encrypts the body: an AcraStruct in its container'],
    ['decrypt', 'Decrypts the AcraStruct in the body'],
  ] as const) {
    openAPIRegistry.registerPath({
      method: 'post',
      path: `/v1/${name}`,
      operationId: `${name}Bytes`,
      summary,
      request: { query: z.object({ zone_id: z.string().optional() }), body: bytes },
      responses: {
        200: { description: 'Done', ...bytes },
        422: { description: 'The operation failed' },
      },
    })
  }
}

function json<T extends z.ZodType>(schema: T) {
  return { content: { 'application/json': { schema } } }
}

const script = `
const add = (parent, tag, text) => {
  const element = document.createElement(tag)
  element.textContent = text
  return parent.appendChild(element)
}
fetch('doc.json').then((answer) => answer.json()).then((api) => {
  document.querySelector('h1').textContent = api.info.title
  const main = document.querySelector('main')
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, call] of Object.entries(methods)) {
      const section = add(main, 'details', '')
      const head = add(section, 'summary', '')
      add(head, 'code', method.toUpperCase() + ' ' + path)
      add(head, 'span', ' ' + call.summary)
      add(section, 'pre', JSON.stringify({ request: call.requestBody, responses: call.responses }, null, 2))
    }
  }
  const section = add(main, 'details', '')
  add(section, 'summary', 'Schemas')
  add(section, 'pre', JSON.stringify(api.components.schemas, null, 2))
})
`

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
summary { cursor: pointer; padding: .4rem 0 }
code { font-weight: 600 }
pre { background: #8881; padding: 1rem; overflow: auto }
`

/** Shows the description; it asks for nothing but that. */
export const documentationPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>AcraTranslator</title><style>${style}</style></head>
<body><h1>AcraTranslator</h1><p>As <a href="doc.json">OpenAPI 3.1</a>.</p><main></main><script>${script}</script></body>
</html>
`

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; connect-src 'self'; script-src ${hash(script)}; style-src ${hash(style)}`,
  'X-Content-Type-Options': 'nosniff',
} as const
