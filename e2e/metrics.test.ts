/** The metrics of every service, as a Prometheus reads them, beside the list of the original's. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GrpcTranslator, HttpTranslator, type Translator } from '@acra-ts/sdk/node'
import { freePort } from '../tools/postgres.ts'
import { type AcraServer, type Keys, startAcraServer, startService } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { exchange, makeKeys } from './hosts.ts'
import { says } from './log.ts'

type Service = 'server' | 'translator' | 'connector'

interface Row {
  readonly name: string
  readonly type: 'counter' | 'histogram' | 'gauge'
  readonly help: string
  readonly labels: Readonly<Record<string, readonly string[]>>
  readonly bounds?: readonly number[]
}

const a = [0.1, 0.2, 0.5, 1, 10, 60, 3600, 86_400]
const b = [
  ...[1e-6, 1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 6e-5, 7e-5, 8e-5, 9e-5],
  ...[1e-4, 5e-4, 0.001, 0.005, 0.01, 1, 3, 5, 10],
]
const status = ['success', 'fail']
const envelopes = ['acrastruct', 'acrablock', 'acrastruct_searchable', 'acrablock_searchable']
const tokenTypes = ['Int32', 'Int64', 'String', 'Bytes', 'Email']
const operations = [
  ...['encrypt', 'decrypt', 'encryptSearchable', 'decryptSearchable', 'encryptSym', 'decryptSym'],
  ...['encryptSymSearchable', 'decryptSymSearchable', 'generateQueryHash'],
  ...['tokenize', 'detokenize'],
]

const ofEach = (service: Service): readonly Row[] => {
  const connections = service === 'translator' ? ['http', 'grpc'] : ['db', 'api']
  const labels = { connection_type: connections }
  const version = ['Major', 'Minor', 'Patch'].map((part) => ({
    name: `acra${service}_version_${part.toLowerCase()}`,
    type: 'gauge' as const,
    help: `${part} number of version`,
    labels: {},
  }))
  return [
    {
      name: `acra${service}_connections_total`,
      type: 'counter',
      help: 'number of connections to database',
      labels,
    },
    {
      name: `acra${service}_connections_processing_seconds`,
      type: 'histogram',
      help: 'Time of connection processing',
      labels,
      bounds: a,
    },
    ...version,
    {
      name: `acra${service}_build_info`,
      type: 'counter',
      help: '',
      labels: { edition: ['ce'], version: ['0.1.0'] },
    },
  ]
}

const ofValues: readonly Row[] = [
  ['acra_acrastruct_decryptions_total', 'number of AcraStruct decryptions', { status }] as const,
  ['acra_api_encryptions_total', 'number of encryptions data to AcraStruct', { status }] as const,
  [
    'acra_decryptions_total',
    'number of decryptions AcraStruct/AcraBlock',
    { status, type: envelopes },
  ] as const,
  [
    'acra_encryptions_total',
    'number of encryptions AcraStruct/AcraBlock',
    { status, type: envelopes },
  ] as const,
  [
    'acra_tokenizations_total',
    'number of tokenizations for token_type',
    { status, token_type: tokenTypes },
  ] as const,
  [
    'acra_detokenizations_total',
    'number of detokenizations for token_type',
    { status, token_type: tokenTypes },
  ] as const,
].map(([name, help, labels]) => ({ name, type: 'counter', help, labels }))

const seconds = (name: string, labels: Row['labels']): Row => ({
  ...{ name, type: 'histogram', help: 'Time of response processing', labels, bounds: b },
})

/** The table of the original's metrics. spec: observability §2 */
const listed: Readonly<Record<Service, readonly Row[]>> = {
  server: [
    ...ofEach('server'),
    ...ofValues,
    seconds('acraserver_request_processing_seconds', { db: ['postgresql', 'mysql'] }),
    seconds('acraserver_response_processing_seconds', { db: ['postgresql', 'mysql'] }),
  ],
  translator: [
    ...ofEach('translator'),
    ...ofValues,
    seconds('acratranslator_request_processing_seconds', {
      request_type: ['http', 'grpc'],
      operation: operations,
    }),
  ],
  connector: ofEach('connector'),
}

const client = 'someid'
const metrics = 'incoming_connection_prometheus_metrics_string'

let sandbox: Sandbox
let keys: Keys
let connectorKeys: Keys
before(async () => {
  sandbox = createSandbox('metrics')
  keys = await makeKeys(sandbox, 'host', client, [
    '--generate_acratranslator_keys',
    '--generate_acrawriter_keys',
    '--generate_symmetric_storage_key',
    '--generate_hmac_key',
  ])
  connectorKeys = await makeKeys(sandbox, 'connector', client, ['--generate_acraconnector_keys'])
  exchange(connectorKeys, keys, `${client}.pub`)
  exchange(keys, connectorKeys, `${client}_translator.pub`)
})
after(() => sandbox.remove())

/** Values of all series by their text, and what is said of each metric. */
async function scrape(port: number) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const values = new Map<string, number>()
  const said = new Map<string, { help?: string; type?: string }>()
  for (const line of text.split('\n')) {
    const [, key, name = '', rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (key !== undefined) said.set(name, { ...said.get(name), [key.toLowerCase()]: rest })
    else if (line !== '')
      values.set(line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1)))
  }
  return { text, values, said }
}

type Scraped = Awaited<ReturnType<typeof scrape>>

function checkListed(service: Service, { values, said }: Scraped): void {
  for (const { name, type, help, labels, bounds } of listed[service]) {
    assert.deepEqual(said.get(name), { help, type }, name)
    const suffix = bounds === undefined ? '' : '_count'
    for (const pairs of combinations(labels)) {
      const series = `${name}${suffix}${pairs === '' ? '' : `{${pairs}}`}`
      assert.ok(values.has(series), series)
      if (bounds === undefined) continue
      const prefix = `${name}_bucket{${pairs},le="`
      const found = [...values.keys()].filter((key) => key.startsWith(prefix))
      const limits = found.map((key) => key.slice(prefix.length, -'"}'.length))
      assert.equal(limits.pop(), '+Inf', series)
      assert.deepEqual(limits.map(Number), [...bounds], series)
    }
    const own = [...values.keys()].filter((key) => key.split('{')[0] === `${name}${suffix}`)
    assert.equal(own.length, combinations(labels).length, `${name} has no other labels`)
  }
}

/** Every combination of values, as it is printed. */
function combinations(labels: Row['labels']): readonly string[] {
  return Object.entries(labels).reduce(
    (before, [label, values]) =>
      before.flatMap((pairs) =>
        values.map((value) => `${pairs}${pairs === '' ? '' : ','}${label}="${value}"`),
      ),
    [''],
  )
}

test('acra-server has every metric of the list from its start', async () => {
  const port = await freePort()
  const server = await startAcraServer(sandbox, {
    clientId: client,
    keys,
    database: { host: '127.0.0.1', port: 1 },
    flags: [`--${metrics}=tcp://127.0.0.1:${port}/`],
  })
  await says(server, 'Metrics are at')
  checkListed('server', await scrape(port))
  await server.stop()
})

test('acra-translator and acra-connector have every metric of the list, and count each operation once, by its kind', async () => {
  const [ofTranslator, ofConnector, grpcPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const at = 'incoming_connection_http_string'
  const translator = await startService(
    sandbox,
    'acra-translator',
    keys,
    [
      `--incoming_connection_grpc_string=grpc://127.0.0.1:${grpcPort}`,
      `--${metrics}=tcp://127.0.0.1:${ofTranslator}/`,
      '--incoming_connection_close_timeout=0',
    ],
    at,
  )
  const connectorTo = (port: number, ...flags: string[]): Promise<AcraServer> =>
    startService(sandbox, 'acra-connector', connectorKeys, [
      '--mode=AcraTranslator',
      `--client_id=${client}`,
      '--user_check_disable',
      '--incoming_connection_close_timeout=0',
      `--acratranslator_connection_string=tcp://127.0.0.1:${port}`,
      ...flags,
    ])
  const toHttp = await connectorTo(translator.port, `--${metrics}=tcp://127.0.0.1:${ofConnector}/`)
  const toGrpc = await connectorTo(grpcPort)
  for (const program of [translator, toHttp]) await says(program, 'Metrics are at')
  checkListed('translator', await scrape(ofTranslator))
  checkListed('connector', await scrape(ofConnector))

  const grpc = new GrpcTranslator({ address: `127.0.0.1:${toGrpc.port}` })
  for (const api of [new HttpTranslator({ url: `http://127.0.0.1:${toHttp.port}` }), grpc]) {
    await everyOperation(api)
  }
  grpc.close()
  const { text, values } = await scrape(ofTranslator)
  for (const type of envelopes) {
    // Each interface encrypts once, decrypts once, and fails to decrypt once.
    for (const [name, outcome, expected] of [
      ['acra_encryptions_total', 'success', 2],
      ['acra_encryptions_total', 'fail', 0],
      ['acra_decryptions_total', 'success', 2],
      ['acra_decryptions_total', 'fail', 2],
    ] as const) {
      const series = `${name}{status="${outcome}",type="${type}"}`
      assert.equal(values.get(series), expected, series)
    }
  }
  assert.equal(values.get('acra_api_encryptions_total{status="success"}'), 4)
  assert.equal(values.get('acra_acrastruct_decryptions_total{status="fail"}'), 4)
  for (const type of tokenTypes) {
    for (const [name, outcome, expected] of [
      ['acra_tokenizations_total', 'success', 2],
      ['acra_tokenizations_total', 'fail', 0],
      ['acra_detokenizations_total', 'success', 2],
      ['acra_detokenizations_total', 'fail', type === 'Int32' ? 2 : 0],
    ] as const) {
      const series = `${name}{status="${outcome}",token_type="${type}"}`
      assert.equal(values.get(series), expected, series)
    }
  }
  for (const over of ['http', 'grpc']) {
    const count = (operation: string) =>
      values.get(
        `acratranslator_request_processing_seconds_count{request_type="${over}",operation="${operation}"}`,
      )
    assert.equal(count('encryptSym'), 1)
    assert.equal(count('decryptSymSearchable'), 2)
    assert.equal(count('tokenize'), 5)
  }
  assert.doesNotMatch(text, /someid|canary/)
  const sums = (await scrape(ofConnector)).values
  assert.equal(sums.get('acraconnector_connections_total{connection_type="api"}'), 0)
  assert.ok((sums.get('acraconnector_connections_total{connection_type="db"}') ?? 0) >= 1)
  await Promise.all([toHttp.stop(), toGrpc.stop(), translator.stop()])
})

async function everyOperation(api: Translator): Promise<void> {
  for (const [encrypt, decrypt] of [
    ['encrypt', 'decrypt'],
    ['encryptSym', 'decryptSym'],
    ['encryptSearchable', 'decryptSearchable'],
    ['encryptSymSearchable', 'decryptSymSearchable'],
  ] as const) {
    const stored = await api[encrypt]('canary')
    await api[decrypt](stored)
    const damaged = Uint8Array.from(stored)
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    await assert.rejects(api[decrypt](damaged))
  }
  await api.detokenize('int32', await api.tokenize('int32', 5))
  await api.detokenize('int64', await api.tokenize('int64', 5n))
  await api.detokenize('str', await api.tokenize('str', 'canary'))
  await api.detokenize('bytes', await api.tokenize('bytes', Buffer.from('canary')))
  await api.detokenize('email', await api.tokenize('email', 'canary@b.example'))
  // HTTP tells that there is no such token, gRPC answers it as it is.
  await api.detokenize('int32', 77).catch(() => {})
}
