import type { Plugin } from 'vite'
import { operationSections } from './docs/operations.ts'
import { routeLinks, routeSections } from './docs/routes.ts'

/** Fills docs.html from the contracts, with which the services validate requests. */
export function docsPages(): Plugin {
  return {
    name: 'darkroom-docs',
    transformIndexHtml: {
      order: 'pre', // before Vite looks for the pictures
      handler: html =>
        html
          .replace('<!-- route links -->', () => routeLinks())
          .replace('<!-- routes -->', () => routeSections())
          .replace('<!-- operations -->', () => operationSections()),
    },
  }
}
