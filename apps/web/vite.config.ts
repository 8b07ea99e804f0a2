import { defineConfig } from 'vite'
import { docsPages } from './build/docs-pages.ts'
import { fetchedImports } from './build/fetched-imports.ts'

const source = new URL('src/', import.meta.url).pathname

export default defineConfig({
  root: source,
  // Relative, so that the page works under any path of a proxy.
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [docsPages(), fetchedImports()],
  build: {
    target: 'es2022',
    // The policy of the page refuses data: URLs.
    assetsInlineLimit: 0,
    // All pages have one style sheet from the start, so scripts that are loaded later need none.
    cssCodeSplit: false,
    modulePreload: {
      polyfill: false,
      // The list for an import lacks the imported script if that imports no other.
      resolveDependencies: (script, scripts, { hostType }) =>
        hostType === 'html' ? scripts : [...new Set([script, ...scripts])],
    },
    reportCompressedSize: false,
    rolldownOptions: {
      input: ['index', 'status', 'docs'].map(name => `${source}${name}.html`),
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: { '^/(images|operations|presets|stats|session|uploads|openapi.json)': 'http://127.0.0.1:8080' },
  },
})
