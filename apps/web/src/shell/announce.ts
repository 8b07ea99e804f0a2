import { signal } from '@preact/signals'

/** What screen readers say next, politely. */
export const announcement = signal('')

let pending: string[] = []
let _timer: ReturnType<typeof setTimeout> | undefined

/** Changes come in crowds: they are said together, at most once in two seconds. */
export function announce(words: string): void {
  pending.push(words)
  _timer ??= setTimeout(() => {
    _timer = undefined
    const latest = pending.at(-1) ?? ''
    announcement.value = pending.length > 3 ? `${pending.length} changes. ${latest}` : pending.join('. ')
    pending = []
  }, 2000)
}
