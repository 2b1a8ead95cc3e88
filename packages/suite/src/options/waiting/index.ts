/**
 * Groups of options that several programs of the original share and whose features do not exist
 * yet: known names, so that a file or a command line that asks for them is refused clearly. A group
 * moves to the folder of its owner when its feature is built.
 */
export { consulOptions } from './stores.ts'
