import type { Stats } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { inWords, Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { Question } from './question.tsx'
import { readStats } from './stats.ts'

/** Pauses uploads at all frontends, and resumes them. Pausing needs a confirmation. */
export function IntakeSwitch({ intake }: Pick<Stats, 'intake'>) {
  const error = useSignal('')
  const set = async (state: Stats['intake']) => {
    try {
      await request('intake', { method: 'PUT', json: { state } })
      error.value = ''
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure
      error.value = inWords(failure)
    }
    await readStats()
  }
  return (
    <div class={intake === 'paused' ? 'panel intake is-paused' : 'panel intake'}>
      <p role="status">
        <strong>{intake === 'open' ? 'Uploads are open.' : 'Uploads are paused.'}</strong>{' '}
        {intake === 'open'
          ? 'Every frontend accepts uploads.'
          : 'Every frontend refuses them until you open uploads again.'}
      </p>
      <span class="inline">
        {intake === 'paused' ? (
          <button type="button" class="primary" onClick={() => void set('open')}>
            Open uploads
          </button>
        ) : (
          <Question words="Pause uploads" ask={() => 'Yes, refuse uploads'} act={() => void set('paused')} />
        )}
      </span>
      {error.value && (
        <p class="refusal" role="alert">
          {error.value}
        </p>
      )}
    </div>
  )
}
