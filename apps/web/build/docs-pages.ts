import type { Plugin } from 'vite'
import { operationSections } from './docs/operations.ts'
import { commonProblemList, routeLinks, routeSections } from './docs/routes.ts'

/** Fills docs.html from the contracts, with which the services validate requests. */
export function docsPages(): Plugin {
  return {
    name: 'darkroom-docs',
    transformIndexHtml: {
      order: 'pre', // before Vite looks for the pictures
      handler: html =>
        html
          .replace('<!-- route links -->', () => routeLinks())
          .replace('<!-- common problems -->', () => commonProblemList())
          .replace('<!-- routes -->', () => routeSections())
          .replace('<!-- operations -->', () => operationSections())
          .replace(/(?<=<pre><code>).*?(?=<\/code>)/gs, inLines)
          .replaceAll('<code>', '<code translate="no">'),
    },
  }
}

/**
 * Marks each line, because the rest of a line that does not fit is indented. Also marks parts that must not be broken: the
 * indentation of a line, and the options of commands, because half of "--data-binary" could be copied.
 */
function inLines(code: string): string {
  return code
    .replace(/^ +(--?[a-z-]+|&\w+;|.)|(?<=\s)--?[a-z-]+/gim, '<span class="whole">$&</span>')
    .replace(/.+\n?/g, '<span class="line">$&</span>')
}
