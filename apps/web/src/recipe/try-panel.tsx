import type { ImageStatus } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { urlOf } from '../api/base.ts'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { Slider } from '../compare/slider.tsx'
import { FilePicker } from '../upload/file-picker.tsx'
import { lastFile } from '../upload/last-file.ts'
import { operationsText, steps } from './recipe.ts'
import { smallVersion } from './small-version.ts'

interface Trial {
  before: string
  after: string
}

/** Applies the recipe to a small version of one image before all images are sent. The image is deleted afterwards. */
export function TryPanel() {
  const trial = useSignal<Trial | undefined>(undefined)
  const error = useSignal('')
  const isBusy = useSignal(false)
  const run = async (file: File) => {
    isBusy.value = true
    error.value = ''
    try {
      forget(trial.value)
      trial.value = undefined
      trial.value = await tryOn(file)
    } catch (failure) {
      error.value =
        failure instanceof Refusal ? `${failure.message}. ${failure.remedy}` : (failure as Error).message
    } finally {
      isBusy.value = false
    }
  }
  const file = lastFile.value
  return (
    <div class="try">
      <div class="inline">
        {file ? (
          <button type="button" disabled={isBusy.value} onClick={() => void run(file)}>
            {isBusy.value ? 'Developing…' : `Try it on ${file.name.slice(0, 24)}`}
          </button>
        ) : (
          <FilePicker
            id="try-file"
            label="Try it on one image"
            onFiles={([first]) => first && void run(first)}
          />
        )}
      </div>
      {error.value && (
        <p class="refusal" role="alert">
          {error.value}
        </p>
      )}
      {trial.value && (
        <Slider before={trial.value.before} after={trial.value.after} label="the small version" />
      )}
    </div>
  )
}

async function tryOn(file: File): Promise<Trial> {
  const small = await smallVersion(file)
  const { id, state, error } = await request<ImageStatus>('images', {
    method: 'POST',
    query: { operations: operationsText(steps.peek()) },
    headers: { prefer: 'wait=30', 'content-type': 'application/octet-stream' },
    body: small,
  })
  if (state === 'failed') throw new Error(`It could not be developed: ${error?.detail ?? ''}`)
  if (state !== 'finished') throw new Error('Darkroom is busy. Try again in a moment.')
  const after = await fetch(urlOf(`images/${id}/result`)).then(answer => answer.blob())
  await request(`images/${id}`, { method: 'DELETE' })
  return { before: URL.createObjectURL(small), after: URL.createObjectURL(after) }
}

function forget(trial: Trial | undefined): void {
  if (trial) for (const url of [trial.before, trial.after]) URL.revokeObjectURL(url)
}
