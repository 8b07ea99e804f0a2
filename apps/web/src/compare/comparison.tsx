import type { ImageStatus } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { urlOf } from '../api/base.ts'
import type { Row } from '../images/row.ts'
import { typeWords } from '../images/row-words.ts'
import { canShow } from '../images/thumbnail.ts'
import { Slider } from './slider.tsx'

/** Before and after, if the browser can show both. */
export function Comparison({ row, image }: { row: Row; image: ImageStatus }) {
  const before = useSignal<string | undefined>(undefined)
  const { original, result } = image
  useEffect(() => {
    const url = row.file && canShow(original.contentType) ? URL.createObjectURL(row.file) : undefined
    before.value = url ?? urlOf(`images/${image.id}/original`)
    return () => url && URL.revokeObjectURL(url)
  }, [row])
  const strange = [original.contentType, result?.contentType ?? ''].find(type => !canShow(type))
  if (strange !== undefined)
    return <p class="hint">This browser can't show {typeWords(strange)}. Download the result to see it.</p>
  return before.value ? (
    <Slider before={before.value} after={urlOf(`images/${image.id}/result`)} label={row.name} />
  ) : null
}
