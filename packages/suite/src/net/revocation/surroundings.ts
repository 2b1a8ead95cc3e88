/** What is needed of the outside. */
export interface Surroundings {
  /** Who may vouch for servers that are asked by https: certificates in PEM. */
  readonly authorities: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of a responder or a list that could not be used: its address, and why. */
  readonly onTrouble: (url: string, reason: string) => void
}
