import type { ImageStatus } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { urlOf } from '../api/base.ts'
import { makePreviews, sides, variantsOf } from '../images/previews.ts'
import type { Row } from '../images/row.ts'
import { typeWords } from '../images/row-words.ts'
import { canShow } from '../images/shown-types.ts'
import { Slider } from './slider.tsx'

interface Sides {
  before: string
  after: string
}

/** The original and the result. If the browser can't show one, the server makes a preview. */
export function Comparison({ row, image }: { row: Row; image: ImageStatus }) {
  const shown = useSignal<Sides | undefined>(undefined)
  const state = useSignal<'ready' | 'making' | Error>('ready')
  const made: string[] = []
  const urlFor = (blob: Blob) => {
    const url = URL.createObjectURL(blob)
    made.push(url)
    return url
  }
  useEffect(() => {
    shown.value = sidesOf(row, image, urlFor)
    return () => {
      for (const url of made) URL.revokeObjectURL(url)
    }
  }, [row])
  const make = async () => {
    state.value = 'making'
    try {
      const { before, after } = await makePreviews(image)
      shown.value = { before: urlFor(before), after: urlFor(after) }
      state.value = 'ready'
    } catch (error) {
      state.value = error as Error
    }
  }
  if (shown.value) return <Slider {...shown.value} label={row.name} />
  return (
    <div class="no-preview">
      <p>This browser can't show {typeWords(image.original.contentType)}. Darkroom can make a preview.</p>
      <button type="button" disabled={state.value === 'making'} onClick={() => void make()}>
        {state.value === 'making' ? 'Developing…' : 'Make a preview'}
      </button>
      {state.value instanceof Error && (
        <p class="refusal" role="alert">
          {state.value.message}
        </p>
      )}
    </div>
  )
}

/** Undefined if one side can't be shown. */
function sidesOf(row: Row, image: ImageStatus, urlFor: (blob: Blob) => string): Sides | undefined {
  const { id, original, result } = image
  const variants = variantsOf(image)
  const variant = (name: string) => (variants[name] ? urlOf(`images/${id}/variants/${name}`) : undefined)
  const full = (part: string, contentType: string | undefined) =>
    contentType && canShow(contentType) ? urlOf(`images/${id}/${part}`) : undefined
  const own = row.file && canShow(original.contentType) ? urlFor(row.file) : undefined
  const before = own ?? variant(sides.before) ?? full('original', original.contentType)
  const after = variant(sides.after) ?? full('result', result?.contentType)
  return before && after ? { before, after } : undefined
}
