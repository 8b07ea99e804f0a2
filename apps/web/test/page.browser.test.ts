import { suite } from 'node:test'
import { withEngine } from '@darkroom/testing'
import { buildPage } from './build.ts'
import { addingFlows } from './flows/adding.ts'
import { continuedUploadFlows } from './flows/continued-uploads.ts'
import { dashboardFlows } from './flows/dashboard.ts'
import { deletionFlows } from './flows/deletions.ts'
import { docsFlows } from './flows/docs.ts'
import { failureFlows } from './flows/failures.ts'
import { imageFlows } from './flows/images.ts'
import { listFlows } from './flows/list.ts'
import { lookFlows } from './flows/look.ts'
import { previewFlows } from './flows/previews.ts'
import { proxyFlows } from './flows/proxy.ts'
import { rareStateFlows } from './flows/rare-states.ts'
import { recipeFlows } from './flows/recipe.ts'
import { refusalFlows } from './flows/refusals.ts'
import { retryFlows } from './flows/retries.ts'
import { signInFlows } from './flows/sign-in.ts'
import { startInBrowser } from './in-browser.ts'

await withEngine('chromium', async executablePath => {
  buildPage()
  // Two halves at a time, because the page waits for most of the time. Each has its own browser and Darkroom.
  const [first, second] = await Promise.all([startInBrowser(executablePath), startInBrowser(executablePath)])
  suite('the page', { concurrency: 2 }, () => {
    suite('from the file to the download', { concurrency: false }, () => {
      imageFlows(first) // the first flow needs an empty list
      addingFlows(first)
      previewFlows(first)
      deletionFlows(first)
      listFlows(first)
      recipeFlows(first)
      refusalFlows(first)
      retryFlows(first)
    })
    suite('around the images', { concurrency: false }, () => {
      failureFlows(second)
      continuedUploadFlows(second)
      dashboardFlows(second)
      docsFlows(second)
      lookFlows(second)
      rareStateFlows(second)
      // The last flows: the first key closes this Darkroom to everybody without a key.
      signInFlows(second)
      proxyFlows(second)
    })
  })
})
