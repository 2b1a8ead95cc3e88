import type { Access } from '../../transform/index.ts'

/** What a client's values are protected with, and how it writes texts. */
export interface ClientAccess extends Access {
  readonly encoding: TextEncoding
}

/** The client_encoding of a connection. */
export interface TextEncoding {
  /** True where every text of the client is UTF-8, or the database would refuse it. */
  readonly isUtf8: boolean
}
