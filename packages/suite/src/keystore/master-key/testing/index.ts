/** Stand-ins for places of master keys, for tests of what uses them. */
export { VaultStandIn } from './vault.ts'
