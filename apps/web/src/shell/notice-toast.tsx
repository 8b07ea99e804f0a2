import { shownNotice } from './notice.ts'

/** Shows why a request of the user failed, until it is closed. */
export function NoticeToast() {
  const refusal = shownNotice.value
  if (!refusal) return null
  return (
    <div class="toast" role="alert">
      <span>
        {refusal.message}. {refusal.remedy}
      </span>
      <button type="button" onClick={() => (shownNotice.value = undefined)}>
        Close
      </button>
    </div>
  )
}
