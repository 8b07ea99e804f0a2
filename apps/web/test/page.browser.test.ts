import { suite } from 'node:test'
import { withEngine } from '@darkroom/testing'
import { buildPage } from './build.ts'
import { dashboardFlows } from './flows/dashboard.ts'
import { docsFlows } from './flows/docs.ts'
import { failureFlows } from './flows/failures.ts'
import { imageFlows } from './flows/images.ts'
import { lookFlows } from './flows/look.ts'
import { proxyFlows } from './flows/proxy.ts'
import { recipeFlows } from './flows/recipe.ts'
import { refusalFlows } from './flows/refusals.ts'
import { signInFlows } from './flows/sign-in.ts'
import { startInBrowser } from './in-browser.ts'

await withEngine('chromium', async executablePath => {
  buildPage()
  const context = await startInBrowser(executablePath)
  suite('the page', { concurrency: false }, () => {
    imageFlows(context)
    recipeFlows(context)
    refusalFlows(context)
    failureFlows(context)
    dashboardFlows(context)
    docsFlows(context)
    lookFlows(context)
    // The last ones: the first key closes this Darkroom to everybody without a key.
    signInFlows(context)
    proxyFlows(context)
  })
})
