/** The metrics endpoint of a service, and what several services count. */
export { connectionBounds, processingBounds } from './bounds.ts'
export { type MetricsEndpoint, serveMetrics } from './endpoint.ts'
export { keystoreDegraded } from './keystore.ts'
export { ValueMetrics } from './values.ts'
