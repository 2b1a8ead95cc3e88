import { defineConfig } from 'vite'

/** The pages become files of the suite, which acra-webconfig serves. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../suite/pages',
    emptyOutDir: true,
    assetsDir: 'assets',
    target: 'es2022',
    // Everything comes from files of their own: the content security policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 200,
  },
})
