/** A literal of a statement: where it stands, in bytes of the text, quotes and prefix included. */
export interface Literal {
  readonly start: number
  readonly end: number
}

/** A statement with its literals taken out: the key of its plan, and where the literals stood. */
export interface Shape {
  /** Equal for two texts only if they differ in nothing but the content of literals of the same kind. */
  readonly key: string
  readonly literals: readonly Literal[]
}
