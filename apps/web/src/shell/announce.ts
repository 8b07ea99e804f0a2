import { signal } from '@preact/signals'

/** The next announcement of screen readers (aria-live polite). */
export const announcement = signal('')

let pending: string[] = []
let _timer: ReturnType<typeof setTimeout> | undefined

/** Announcements name files, which belong to the caller who has signed out. */
export function forgetAnnouncements(): void {
  pending = []
  announcement.value = ''
}

/** Announces changes, several at a time, at most once in two seconds. */
export function announce(words: string): void {
  pending.push(words)
  _timer ??= setTimeout(() => {
    _timer = undefined
    const latest = pending.at(-1) ?? ''
    announcement.value = pending.length > 3 ? `${pending.length} changes. ${latest}` : pending.join('. ')
    pending = []
  }, 2000)
}
