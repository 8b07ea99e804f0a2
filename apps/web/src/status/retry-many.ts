import { signal } from '@preact/signals'
import { inWords, Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { readStats } from './stats.ts'
import { countWords } from './words.ts'

/** The text for the outcome of the latest retry. */
export const retryOutcome = signal('')

interface Retried {
  retried: number
  next?: string
}

/** How many images a retry would include; if the count fails, undefined, and the error is shown. */
export async function countFailed(type?: string): Promise<number | undefined> {
  retryOutcome.value = ''
  let count = 0
  try {
    await eachPage({ type, count: 'only' }, counted => {
      count += counted
    })
    if (count === 0) retryOutcome.value = 'No such image is left: all have been retried or deleted'
    return count
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    retryOutcome.value = inWords(error)
    return undefined
  }
}

/** Develops all failed images again, or those with one reason. */
export async function retryFailed(type?: string): Promise<void> {
  let count = 0
  try {
    await eachPage({ type }, retried => {
      count += retried
      retryOutcome.value = `${countWords(count)} put back into the queue`
    })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    retryOutcome.value = `${countWords(count)} put back into the queue, then an error: ${inWords(error)}`
  }
  await readStats()
}

async function eachPage(
  query: Readonly<Record<string, string | undefined>>,
  take: (retried: number) => void,
): Promise<void> {
  let cursor: string | undefined
  do {
    const page: Retried = await request('images/retry', { method: 'POST', query: { ...query, cursor } })
    take(page.retried)
    cursor = page.next
  } while (cursor !== undefined)
}
