import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, plaintext, Registry } from '../../observe/index.ts'
import { serveMetrics } from './endpoint.ts'

const registry = new Registry()
registry.counter('jobs_total', 'number of jobs').add(3)
const lines: string[] = []
const log = createLogger({
  level: 'info',
  outputs: [{ format: plaintext, sink: { write: (line) => lines.push(line) } }],
  clock: { now: () => 0, zone: () => 0 },
})

test('the metrics are at /metrics and nothing is anywhere else', async () => {
  const collect = async () => registry.snapshot()
  const endpoint = await serveMetrics('tcp://127.0.0.1:0/', { registry, collect }, log)
  const port = /metrics_string="?tcp:\/\/127\.0\.0\.1:(\d+)/.exec(lines.join(''))?.[1]
  const at = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
  try {
    const answer = await at('/metrics')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.match(await answer.text(), /\njobs_total 3\n$/)
    assert.equal((await at('/metrics?x=1')).status, 200)
    for (const path of ['/', '/metrics/', '/debug/pprof/', '/Metrics']) {
      assert.equal((await at(path)).status, 404, path)
    }
    const posted = await at('/metrics', { method: 'POST', body: 'x' })
    assert.equal(posted.status, 405)
    assert.equal(posted.headers.get('allow'), 'GET, HEAD')
    assert.equal(await (await at('/metrics', { method: 'HEAD' })).text(), '')
  } finally {
    endpoint?.close()
  }
  await assert.rejects(at('/metrics'))
})

test('metrics that cannot be collected break the request off and are told', async () => {
  const collect = () => Promise.reject(new Error('no workers'))
  lines.length = 0
  const endpoint = await serveMetrics('tcp://127.0.0.1:0/', { registry, collect }, log)
  const port = /:(\d+)\//.exec(lines.join(''))?.[1]
  try {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`))
    assert.match(lines.join(''), /code=1000 error="no workers"/)
  } finally {
    endpoint?.close()
  }
})

test('without an address there is no endpoint', async () => {
  const collect = async () => registry.snapshot()
  assert.equal(await serveMetrics('', { registry, collect }, log), null)
})
