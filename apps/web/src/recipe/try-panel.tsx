import { useSignal } from '@preact/signals'
import { inWords, notLoaded } from '../api/refusal.ts'
import { shortened } from '../images/row-words.ts'
import { FilePicker } from '../upload/file-picker.tsx'
import { lastFile } from '../upload/last-file.ts'
import type * as Loaded from './trial.ts'

interface Shown extends Loaded.Trial, Pick<typeof Loaded, 'Slider'> {}

/** Applies the recipe to a small version of one image before all images are sent. The image is deleted afterwards. */
export function TryPanel() {
  const trial = useSignal<Shown | undefined>(undefined)
  const error = useSignal('')
  const isBusy = useSignal(false)
  const run = async (file: File) => {
    if (isBusy.value) return
    isBusy.value = true
    error.value = ''
    try {
      const { tryRecipe, Slider } = await import('./trial.ts').catch(() => {
        throw notLoaded()
      })
      const next = await tryRecipe(file)
      forget(trial.value)
      trial.value = { ...next, Slider }
    } catch (failure) {
      forget(trial.value)
      trial.value = undefined // it is of the former file
      error.value = inWords(failure as Error)
    } finally {
      isBusy.value = false
    }
  }
  const file = lastFile.value
  const { Slider, before, after } = trial.value ?? {}
  return (
    <div class="try">
      <div class="inline">
        {file ? (
          <button type="button" aria-busy={isBusy.value} onClick={() => void run(file)}>
            {isBusy.value ? (
              <span>Developing…</span>
            ) : (
              <span>
                Try it on <bdi translate={false}>{shortened(file.name, 24)}</bdi>
              </span>
            )}
          </button>
        ) : (
          <FilePicker
            id="try-file"
            label={isBusy.value ? 'Developing…' : 'Try it on one image'}
            onFiles={([first]) => first && void run(first)}
          />
        )}
      </div>
      {error.value && (
        <p class="refusal" role="alert">
          {error.value}
        </p>
      )}
      {Slider && before && after && <Slider before={before} after={after} label="the small version" />}
    </div>
  )
}

function forget(trial: Shown | undefined): void {
  if (trial) for (const url of [trial.before, trial.after]) URL.revokeObjectURL(url)
}
