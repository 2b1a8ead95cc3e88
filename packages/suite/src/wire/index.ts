/** Bytes to messages and back; knows no socket. */
export type { Outlet } from './outlet.ts'
