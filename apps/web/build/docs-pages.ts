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
          .replace('<!-- operations -->', () => operationSections())
          .replace(/<pre><code>.*?<\/code>/gs, withOptions),
    },
  }
}

/** Marks the options of commands, so that no line ends inside of one: half of "--data-binary" could be copied. */
function withOptions(code: string): string {
  return code.replace(/(?<=\s)--?[a-z][a-z-]*/gi, '<span class="option">$&</span>')
}
