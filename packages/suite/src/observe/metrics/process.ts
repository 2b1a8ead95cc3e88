import { readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { Registry } from './registry.ts'

const MICROSECOND = 1e-6

/** Metrics of the process and of Node.js, under the names that Prometheus clients give them. */
export function processMetrics(registry: Registry): void {
  const cpuUser = registry.counter(
    'process_cpu_user_seconds_total',
    'Total user CPU time spent in seconds.',
  )
  const cpuSystem = registry.counter(
    'process_cpu_system_seconds_total',
    'Total system CPU time spent in seconds.',
  )
  const cpu = registry.counter(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
  )
  const started = registry.gauge(
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    'first',
  )
  const resident = registry.gauge(
    'process_resident_memory_bytes',
    'Resident memory size in bytes.',
    'sum',
  )
  const openFiles = registry.gauge('process_open_fds', 'Number of open file descriptors.', 'sum')
  const maxFiles = registry.gauge(
    'process_max_fds',
    'Maximum number of open file descriptors.',
    'first',
  )
  const heapTotal = registry.gauge(
    'nodejs_heap_size_total_bytes',
    'Process heap size from Node.js in bytes.',
    'sum',
  )
  const heapUsed = registry.gauge(
    'nodejs_heap_size_used_bytes',
    'Process heap size used from Node.js in bytes.',
    'sum',
  )
  const external = registry.gauge(
    'nodejs_external_memory_bytes',
    'Node.js external memory size in bytes.',
    'sum',
  )
  const utilization = registry.gauge(
    'nodejs_eventloop_utilization',
    'Share of the time since the last scrape in which the event loop was busy; of the busiest process.',
    'max',
  )
  registry
    .gauge('nodejs_version_info', 'Node.js version info.', 'first', { version: [process.version] })
    .set(1)
  started.set(Math.round(performance.timeOrigin) / 1000)
  maxFiles.set(maxOpenFiles())
  let loop = performance.eventLoopUtilization()
  let user = 0
  let system = 0
  registry.onCollect(() => {
    const usage = process.cpuUsage()
    cpuUser.add((usage.user - user) * MICROSECOND)
    cpuSystem.add((usage.system - system) * MICROSECOND)
    cpu.add((usage.user + usage.system - user - system) * MICROSECOND)
    user = usage.user
    system = usage.system
    const memory = process.memoryUsage()
    resident.set(memory.rss)
    heapTotal.set(memory.heapTotal)
    heapUsed.set(memory.heapUsed)
    external.set(memory.external)
    openFiles.set(countOpenFiles())
    const now = performance.eventLoopUtilization()
    utilization.set(performance.eventLoopUtilization(now, loop).utilization)
    loop = now
  })
}

/** 0 where the system does not say. */
function countOpenFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return 0
  }
}

/** The limit of open files of this process; 0 where the system does not say. */
export function maxOpenFiles(): number {
  try {
    return Number(
      /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0,
    )
  } catch {
    return 0
  }
}
