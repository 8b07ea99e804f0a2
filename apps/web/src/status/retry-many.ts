import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { readStats } from './stats.ts'

/** The outcome of the latest retry, in words. */
export const retryOutcome = signal('')

interface Retried {
  retried: number
  next?: string
}

/** Develops all failed images again, or those with one reason, page by page. */
export async function retryFailed(type?: string): Promise<void> {
  let count = 0
  let cursor: string | undefined
  try {
    do {
      const page: Retried = await request('images/retry', { method: 'POST', query: { type, cursor } })
      count += page.retried
      cursor = page.next
      retryOutcome.value = `${count} put back into the queue`
    } while (cursor !== undefined)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    retryOutcome.value = `${count} put back into the queue. Then: ${error.message}. ${error.remedy}`
  }
  await readStats()
}
