/** What is asked of clients about certificates. */
export interface ClientPolicy {
  readonly asks: boolean
  /** A client without a certificate is refused. */
  readonly requires: boolean
  /** A certificate must lead to an authority that we trust. */
  readonly verifies: boolean
}

/** By the number of `tls_client_auth`. spec: acra-server §2.7 */
export const clientPolicies: readonly [
  ClientPolicy,
  ClientPolicy,
  ClientPolicy,
  ClientPolicy,
  ClientPolicy,
] = [
  { asks: false, requires: false, verifies: false },
  { asks: true, requires: false, verifies: false },
  { asks: true, requires: true, verifies: false },
  { asks: true, requires: false, verifies: true },
  { asks: true, requires: true, verifies: true },
]
