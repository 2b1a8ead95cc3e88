/** The metrics endpoint of a service, and what several services count. */
export { type MetricsEndpoint, serveMetrics } from './endpoint.ts'
export { keystoreDegraded } from './keystore.ts'
