/** An acra-translator for tests, over TLS, with two clients and a zone. */
export {
  type Answer,
  base64,
  type CallOptions,
  masterKey,
  startTestTranslator,
  type TestTranslator,
} from './translator.ts'
