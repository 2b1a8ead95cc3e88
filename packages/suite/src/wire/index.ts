/** Bytes to messages and back; knows no socket. One folder per database (`postgres/`), what they share here. */
export type { Outlet } from './outlet.ts'
export { ProtocolError } from './protocol-error.ts'
