/** A seeded simulation of whole connections, for tests and for `npm run lab -- simulate`. */
export { SimulationFailure, simulate } from './simulation.ts'
