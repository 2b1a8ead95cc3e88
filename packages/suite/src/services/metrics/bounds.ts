/** Seconds of connections. spec: observability §2, buckets A */
export const connectionBounds: readonly number[] = [0.1, 0.2, 0.5, 1, 10, 60, 3600, 86_400]

/** Seconds of requests and answers. spec: observability §2, buckets B */
export const processingBounds: readonly number[] = [
  ...[0.000001, 0.00001, 0.00002, 0.00003, 0.00004, 0.00005, 0.00006, 0.00007, 0.00008, 0.00009],
  ...[0.0001, 0.0005, 0.001, 0.005, 0.01, 1, 3, 5, 10],
]
