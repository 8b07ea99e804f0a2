import { useSignal } from '@preact/signals'
import { inWords, Refusal } from '../api/refusal.ts'
import { Prose } from '../shell/prose.tsx'
import { useModal } from '../shell/use-modal.ts'
import { askForKey, type Session, session, signIn } from './session.ts'

/** Asks for an API key, and exchanges it for a session. */
export function SignIn() {
  const error = useSignal<Refusal | undefined>(undefined)
  const isBusy = useSignal(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    if (isBusy.value) return // a second click
    isBusy.value = true
    error.value = undefined
    try {
      await signIn(String(new FormData(form).get('key')).trim())
      form.reset()
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      error.value = failure
      form.querySelector('input')?.focus()
    } finally {
      isBusy.value = false
    }
  }
  return (
    <dialog class="sign-in" aria-labelledby="sign-in-title" {...useModal(askForKey.value, cancel)}>
      <form onSubmit={event => void submit(event)}>
        <h2 id="sign-in-title">Sign in</h2>
        <p class="hint">
          <Prose text={reason(session.value)} />
        </p>
        <div class="field">
          <label for="key">API key</label>
          <input
            id="key"
            name="key"
            type="password"
            required
            autocomplete="current-password"
            placeholder="dk_…"
            aria-describedby={error.value ? 'key-error' : undefined}
            aria-invalid={error.value ? 'true' : undefined}
          />
        </div>
        {error.value && (
          <p class="refusal" id="key-error" role="alert">
            {inWords(error.value)}
          </p>
        )}
        <div class="inline end">
          <button type="button" onClick={cancel}>
            Cancel
          </button>
          <button type="submit" class="primary" aria-busy={isBusy.value}>
            {isBusy.value ? 'Checking…' : 'Sign in'}
          </button>
        </div>
      </form>
    </dialog>
  )
}

function cancel(): void {
  askForKey.value = false
}

function reason(current: Session): string {
  if (current.state !== 'signed-out') return 'Use an API key to see the images of its owner.'
  if (current.why === 'ended')
    return 'Your key was revoked or has expired. Sign in with another key to upload the remaining files.'
  return 'This Darkroom requires an API key. An operator creates keys with `npx darkroom keys create`.'
}
