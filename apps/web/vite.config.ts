import { defineConfig } from 'vite'
import { docsPages } from './build/docs-pages.ts'

const source = new URL('src/', import.meta.url).pathname

export default defineConfig({
  root: source,
  // Relative, so that the page works under any path of a proxy.
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [docsPages()],
  build: {
    target: 'es2022',
    // The policy of the page refuses data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
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
