import { randomInt } from 'node:crypto'
import type { Keystore } from './keystore.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PREFIX = 'DDDDDDDD'
const RANDOM_SIZE = 16

/** Makes the keys of a zone that did not exist, a pair and a symmetric one; its id. spec: cli-tools §4 */
export async function addZone(
  keystore: Pick<Keystore, 'generateMissing'>,
  newId: () => string = randomZoneId,
): Promise<string> {
  for (;;) {
    const id = newId()
    if (!(await keystore.generateMissing({ purpose: 'zone', owner: id }))) continue
    await keystore.generateMissing({ purpose: 'zone-symmetric', owner: id })
    return id
  }
}

/** A zone as whoever encrypts for it has to know it: its id, and its public key in base64. */
export async function publicZone(
  keystore: Pick<Keystore, 'publicKeys'>,
  id: string,
): Promise<{ readonly id: string; readonly public_key: string }> {
  const [publicKey] = await keystore.publicKeys({ purpose: 'zone', owner: id })
  return { id, public_key: Buffer.from(publicKey!).toString('base64') }
}

/** Eight `D` and sixteen random letters: 91 bits. */
function randomZoneId(): string {
  const letters = Array.from({ length: RANDOM_SIZE }, () => LETTERS[randomInt(LETTERS.length)])
  return PREFIX + letters.join('')
}
