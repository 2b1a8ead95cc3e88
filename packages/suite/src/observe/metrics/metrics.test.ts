import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildMetrics } from './build.ts'
import { processMetrics } from './process.ts'
import { Registry } from './registry.ts'
import { metricsText } from './text.ts'
import { Totals } from './totals.ts'

/** A registry as every process of one program makes it. */
function sample() {
  const registry = new Registry()
  const [ok, failed] = registry.counters('jobs_total', 'number of jobs', {
    status: ['success', 'fail'],
  })
  const sizes = registry.histograms('size_bytes', 'Size', [1, 10], { side: ['in'] })[0]!
  const memory = registry.gauge('memory_bytes', 'Memory', 'sum')
  const load = registry.gauge('load', 'Load', 'max')
  registry.info('build_info', '', { version: ['1.2.3'] })
  return { registry, ok: ok!, failed: failed!, sizes, memory, load }
}

test('every series is there from the start, in the text that Prometheus reads', () => {
  const { registry } = sample()
  assert.equal(
    metricsText(registry.families, registry.snapshot()),
    [
      '# HELP jobs_total number of jobs',
      '# TYPE jobs_total counter',
      'jobs_total{status="success"} 0',
      'jobs_total{status="fail"} 0',
      '# HELP size_bytes Size',
      '# TYPE size_bytes histogram',
      'size_bytes_bucket{side="in",le="1"} 0',
      'size_bytes_bucket{side="in",le="10"} 0',
      'size_bytes_bucket{side="in",le="+Inf"} 0',
      'size_bytes_sum{side="in"} 0',
      'size_bytes_count{side="in"} 0',
      '# HELP memory_bytes Memory',
      '# TYPE memory_bytes gauge',
      'memory_bytes 0',
      '# HELP load Load',
      '# TYPE load gauge',
      'load 0',
      '# HELP build_info ',
      '# TYPE build_info counter',
      'build_info{version="1.2.3"} 1',
      '',
    ].join('\n'),
  )
})

test('a bucket counts what is not above its bound, and all smaller ones', () => {
  const { registry, sizes } = sample()
  for (const size of [0.5, 1, 1.5, 10, 10.5]) sizes.observe(size)
  const text = metricsText(registry.families, registry.snapshot())
  assert.match(text, /le="1"\} 2\n.*le="10"\} 4\n.*le="\+Inf"\} 5\n.*_sum\S+ 23.5\n.*_count\S+ 5\n/)
})

test('processes are added up; what one has counted stays when it is gone, and its gauges go', () => {
  const own = sample()
  const worker = sample()
  const totals = new Totals<number>(own.registry)
  own.ok.add(1)
  own.memory.set(100)
  own.load.set(0.5)
  worker.ok.add(2)
  worker.failed.add(3)
  worker.sizes.observe(5)
  worker.memory.set(10)
  worker.load.set(0.75)
  totals.update(7, worker.registry.snapshot())
  const shown = () => metricsText(own.registry.families, totals.snapshot())
  const counted = /status="success"\} 3\n.*status="fail"\} 3\n[\s\S]*_sum\S+ 5\n.*_count\S+ 1\n/
  assert.match(shown(), counted)
  assert.match(shown(), /\nmemory_bytes 110\n[\s\S]*\nload 0.75\n[\s\S]*build_info\S+ 1\n/)
  totals.remove(7)
  totals.remove(7)
  assert.match(shown(), counted)
  assert.match(shown(), /\nmemory_bytes 100\n[\s\S]*\nload 0.5\n[\s\S]*build_info\S+ 1\n/)
})

test('the process and the program tell about themselves', () => {
  const registry = new Registry()
  buildMetrics(registry, { name: 'acra-server', version: '1.2.3' })
  processMetrics(registry)
  const text = metricsText(registry.families, registry.snapshot())
  assert.match(text, /\nacraserver_version_major 1\n/)
  assert.match(text, /\nacraserver_version_minor 2\n/)
  assert.match(text, /\nacraserver_version_patch 3\n/)
  assert.match(text, /\nacraserver_build_info\{edition="ce",version="1.2.3"\} 1\n/)
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes']) {
    assert.match(text, new RegExp(`\\n${name} [\\d.]*[1-9]`), name)
  }
})
