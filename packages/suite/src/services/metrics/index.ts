/** The metrics endpoint of a service. */
export { type MetricsEndpoint, serveMetrics } from './endpoint.ts'
