import type { Operation } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { inWords } from '../api/refusal.ts'
import { Slider } from '../compare/slider.tsx'
import { developOnce, loadVariant, previewsOf, sides } from '../images/previews.ts'
import { shortened } from '../images/row-words.ts'
import { FilePicker } from '../upload/file-picker.tsx'
import { lastFile } from '../upload/last-file.ts'
import { recipe } from './recipe.ts'
import { scaledOperations, smallVersion } from './small-version.ts'
import { listsOf } from './wish.ts'

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
      const next = await tryOn(file)
      forget(trial.value)
      trial.value = next
    } catch (failure) {
      error.value = inWords(failure as Error)
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
            {isBusy.value ? (
              'Developing…'
            ) : (
              <span>
                Try it on <bdi>{shortened(file.name, 24)}</bdi>
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
      {trial.value && (
        <Slider before={trial.value.before} after={trial.value.after} label="the small version" />
      )}
    </div>
  )
}

/** What an empty recipe does unless an operator has changed it. */
const usual = [{ name: 'swap-channels', order: 'bgr' }] as unknown as Operation[]

async function tryOn(file: File): Promise<Trial> {
  const { image, scale, isShown } = await smallVersion(file)
  const { operations, variants } = listsOf(recipe.peek())
  const tried = operations ?? Object.values(variants ?? {})[0] ?? usual
  const lists = isShown ? { [sides.after]: shownIn(scaledOperations(tried, scale)) } : previewsOf(tried)
  const query = { variants: JSON.stringify(lists) }
  return developOnce({ query, body: image }, async id => {
    const before = isShown ? image : await loadVariant(id, sides.before)
    const after = await loadVariant(id, sides.after)
    return { before: URL.createObjectURL(before), after: URL.createObjectURL(after) }
  })
}

/** No browser shows TIFF. */
function shownIn(operations: readonly Operation[]): Operation[] {
  return operations.map(operation =>
    'type' in operation && operation.type === 'tiff' ? { ...operation, type: 'png' } : operation,
  )
}

function forget(trial: Trial | undefined): void {
  if (trial) for (const url of [trial.before, trial.after]) URL.revokeObjectURL(url)
}
