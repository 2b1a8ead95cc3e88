/** In the place of the loader of Themis for Node: a page loads it as it is meant to be loaded. */
import themis, { type SecureMessage } from 'wasm-themis'

let loading: Promise<unknown> | null = null

export async function loadThemis(): Promise<typeof themis> {
  loading ??= themis.initialize('/libthemis.wasm')
  await loading
  return themis
}

/** Their Secure Message between the owner of `privateKey` and the one of `publicKey`. */
export function theirMessage(privateKey: Uint8Array, publicKey: Uint8Array): SecureMessage {
  const pair = new themis.KeyPair(
    new themis.PrivateKey(privateKey),
    new themis.PublicKey(publicKey),
  )
  return new themis.SecureMessage(pair)
}
