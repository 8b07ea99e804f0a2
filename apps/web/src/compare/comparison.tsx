import type { ImageStatus } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { urlOf } from '../api/base.ts'
import { inWords } from '../api/refusal.ts'
import { makePreviews } from '../images/develop-once.ts'
import type { Output } from '../images/outputs.ts'
import { hasPreview, sides } from '../images/previews.ts'
import type { Row } from '../images/row.ts'
import { typeWords } from '../images/row-words.ts'
import { canShow } from '../images/shown-types.ts'
import { Slider } from './slider.tsx'

interface Sides {
  before: string
  after: string
}

interface ComparisonProps {
  row: Row
  image: ImageStatus
  /** The developed image that is shown. */
  output: Output
}

/** The original and the result. If the browser can't show one, the server makes a preview. */
export function Comparison({ row, image, output }: ComparisonProps) {
  const shown = useSignal<Sides | undefined>(undefined)
  const state = useSignal<'ready' | 'making' | Error>('ready')
  const isBroken = useSignal(false)
  const made: string[] = []
  const urlFor = (blob: Blob) => {
    const url = URL.createObjectURL(blob)
    made.push(url)
    return url
  }
  useLayoutEffect(() => {
    shown.value = sidesOf(row, image, output, urlFor)
    return () => {
      for (const url of made) URL.revokeObjectURL(url)
    }
  }, [row])
  const make = async () => {
    if (state.value === 'making') return
    state.value = 'making'
    try {
      const { before, after } = await makePreviews(image.id, output.operations)
      shown.value = { before: urlFor(before), after: urlFor(after) }
      state.value = 'ready'
    } catch (error) {
      state.value = error as Error
    }
  }
  if (isBroken.value)
    return (
      <p class="refusal" role="alert">
        The pictures could not be loaded. The image was deleted or has expired, or Darkroom does not answer.
      </p>
    )
  if (shown.value)
    return (
      <Slider
        {...shown.value}
        size={output.facts}
        onBroken={() => (isBroken.value = true)}
        label={row.name}
      />
    )
  const unshown = [image.original, output.facts].find(({ contentType }) => !canShow(contentType))
  return (
    <div class="no-preview">
      <p>This browser can't show {typeWords(unshown?.contentType ?? '')}. Darkroom can make a preview.</p>
      <button type="button" aria-busy={state.value === 'making'} onClick={() => void make()}>
        {state.value === 'making' ? 'Developing…' : 'Make a preview'}
      </button>
      {state.value instanceof Error && (
        <p class="refusal" role="alert">
          {inWords(state.value)}
        </p>
      )}
    </div>
  )
}

/** Undefined if one side can't be shown. */
function sidesOf(
  { file }: Row,
  image: ImageStatus,
  { name, facts, path }: Output,
  urlFor: (blob: Blob) => string,
): Sides | undefined {
  const { id, original } = image
  const preview = (side: string) =>
    hasPreview(image, side) ? urlOf(`images/${id}/variants/${side}`) : undefined
  const own = file && canShow(original.contentType) ? urlFor(file) : undefined
  const stored = canShow(original.contentType) ? urlOf(`images/${id}/original`) : undefined
  const before = own ?? preview(sides.before) ?? stored
  const full = canShow(facts.contentType) ? urlOf(path) : undefined
  const after = (name === undefined ? preview(sides.after) : undefined) ?? full
  return before && after ? { before, after } : undefined
}
