/** The composition of acra-translator: values are encrypted and decrypted for applications that speak HTTP or gRPC, by the keys of the client that the connection shows. */
export { translatorOptions } from './options.ts'
export { Translator } from './translator.ts'
