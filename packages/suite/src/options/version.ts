/** The releases whose configuration files and flags our programs know. */
export const COMPATIBLE_RELEASES = '0.90 to 0.96'

const PARTS = /^([0-9]+)\.([0-9]+)\.([0-9]+)$/

/**
 * Why the `version` header of a configuration file is not accepted; null where it is: 0.90 to 0.96,
 * and `own` (major and minor; the patch is free).
 */
export function versionRefusal(version: string, own: string): string | null {
  const found = PARTS.exec(version)
  if (found === null) {
    return 'value has incorrect format (semver 2.0.0 format expected, https://semver.org/)'
  }
  const release = `${found[1]}.${found[2]}`
  const known = found[1] === '0' && Number(found[2]) >= 90 && Number(found[2]) <= 96
  if (known || release === own.split('.', 2).join('.')) return null
  return `config version "${version}" is not supported, expects "${own}" or a version of Acra ${COMPATIBLE_RELEASES}`
}
