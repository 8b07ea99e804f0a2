import type { Plugin } from 'vite'

/**
 * Leaves `import()` as it is. Vite wraps it in a function that preloads styles and other scripts, which no import of the
 * page needs. In the first view, this function would be 800 bytes of compressed script.
 */
export function plainImports(): Plugin {
  return {
    name: 'darkroom-plain-imports',
    enforce: 'pre',
    load: id =>
      id === '\0vite/preload-helper.js' ? 'export const __vitePreload = load => load()' : undefined,
  }
}
