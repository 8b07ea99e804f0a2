import { inWords } from '../api/refusal.ts'
import { shownNotice } from './notice.ts'

/** Shows why a request of the user failed, until it is closed. */
export function NoticeToast() {
  const refusal = shownNotice.value
  if (!refusal) return null
  return (
    <div class="toast" role="alert">
      <span>{inWords(refusal)}</span>
      <button type="button" onClick={() => (shownNotice.value = undefined)}>
        Close
      </button>
    </div>
  )
}
