import type { Plugin } from 'vite'

/**
 * Replaces the function in which Vite wraps `import()`: it reads the scripts of an import before they are imported, so that
 * the browser has them. Firefox never repeats an import that has failed, so one lost connection would be final.
 */
export function fetchedImports(): Plugin {
  return {
    name: 'darkroom-fetched-imports',
    enforce: 'pre',
    load: id => (id === '\0vite/preload-helper.js' ? helper : undefined),
  }
}

const helper = `
  const read = async script => {
    const response = await fetch(new URL(script, import.meta.url))
    if (!response.ok) throw new Error(script)
    await response.blob()
  }
  export const __vitePreload = async (load, scripts) => {
    await Promise.all(scripts.map(read))
    return load()
  }
`
