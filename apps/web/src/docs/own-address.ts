import { base } from '../api/base.ts'

/* The examples get the address under which the page was opened, so that they work when they are copied. */

/** The address in the examples as they are built. */
const builtAddress = 'http://127.0.0.1:8080'
const ownAddress = base.href.replace(/\/$/, '')

for (const line of document.querySelectorAll('pre .line'))
  for (const part of line.childNodes)
    if (part instanceof Text && part.data.includes(builtAddress))
      part.data = part.data.replaceAll(builtAddress, ownAddress)
