import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Deletion, undo, undoable } from './images/delete.ts'
import { openedRow } from './images/opened-row.ts'
import { shortened } from './images/row-words.ts'
import { counts } from './images/store.ts'
import { askForKey } from './session/session.ts'
import { announcement } from './shell/announce.ts'
import { NoticeToast } from './shell/notice-toast.tsx'
import { focusOn } from './shell/pass-focus.ts'
import { isHeld, pause, resume } from './upload/queue.ts'

/** Shows below the list the state of uploads, refusals, and deletions that can be undone. It does not move the page. */
export function BottomBar() {
  return (
    <section class="bottom" aria-label="Messages">
      {undoable.value && <Undo rows={undoable.value.rows} />}
      {!openedRow.value && <NoticeToast />}
      <Pause />
      <Held />
      <p class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </section>
  )
}

function Undo({ rows }: Deletion) {
  return (
    <div class="toast" role="status">
      <span>
        {/* The name must not turn the direction of the words after it. */}
        {rows.length === 1 ? (
          <bdi translate={false}>{shortened(rows[0]?.name ?? '', 60)}</bdi>
        ) : (
          <span>{rows.length} images</span>
        )}{' '}
        deleted
      </span>
      <button type="button" class="primary" onClick={undoAndStay}>
        Undo
      </button>
    </div>
  )
}

function undoAndStay(): void {
  focusOn('.chosen input') // the button disappears
  undo()
}

function Pause() {
  const now = useSignal(Date.now())
  const current = pause.value
  useEffect(() => {
    if (!current) return
    now.value = Date.now()
    const timer = setInterval(() => (now.value = Date.now()), 500)
    return () => clearInterval(timer)
  }, [current])
  if (!current) return null
  const { refusal, until } = current
  const seconds = Math.max(0, Math.ceil((until - now.value) / 1000))
  return (
    <div class="toast">
      <span role="status">
        <strong>{refusal.message}.</strong> {refusal.remedy}
      </span>
      <span class="inline">
        {Number.isFinite(until) && <span class="countdown">{countdownWords(seconds)}</span>}
        {refusal.status === 401 ? (
          <button type="button" class="primary" onClick={() => (askForKey.value = true)}>
            Sign in
          </button>
        ) : (
          <button type="button" onClick={resume}>
            Try now
          </button>
        )}
      </span>
    </div>
  )
}

function countdownWords(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

function Held() {
  const count = counts.value.waiting ?? 0
  if (!isHeld.value || count === 0) return null
  return (
    <div class="toast">
      <span>
        {count} {count === 1 ? 'image is' : 'images are'} collected
      </span>
      <button type="button" class="primary" onClick={() => (isHeld.value = false)}>
        Send {count === 1 ? 'it' : 'them'}
      </button>
    </div>
  )
}
