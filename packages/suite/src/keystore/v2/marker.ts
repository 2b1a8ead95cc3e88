/** The file whose content makes a folder a keystore v2, and that content. spec: keystore §3.1 */
export const versionFile = 'version'
export const versionMarker = 'Acra Keystore v2'
/** The file that writers lock. */
export const lockFile = '.lock'
