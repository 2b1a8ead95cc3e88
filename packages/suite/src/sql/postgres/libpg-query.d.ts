/** The Emscripten module inside libpg-query, as far as the wrapper uses it. */
declare module 'libpg-query/wasm/libpg-query.js' {
  export interface PgQueryModule {
    /** All of the module's memory. Replaced when it grows: read it again after every call. */
    readonly HEAPU8: Uint8Array
    readonly HEAPU32: Uint32Array
    _malloc(size: number): number
    _free(pointer: number): void
    /** Address of a PgQueryParseResult: pointers to the tree as JSON, to stderr, and to a PgQueryError or 0. */
    _wasm_parse_query_raw(text: number): number
    _wasm_free_parse_result(result: number): void
    /** Address of the functions of the text as JSON, or of the message of an error. */
    _wasm_parse_plpgsql(text: number): number
    _wasm_free_string(text: number): void
  }
  export interface PgQuerySettings {
    print?(line: string): void
    printErr?(line: string): void
  }
  export default function instantiate(settings?: PgQuerySettings): Promise<PgQueryModule>
}
