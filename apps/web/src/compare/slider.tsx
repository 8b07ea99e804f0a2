import { useRef } from 'preact/hooks'

interface SliderProps {
  before: string
  after: string
  /** The name of the image. */
  label: string
}

/** Two pictures on top of each other and a line between them, moved by a native range input: keyboard, touch and all. */
export function Slider({ before, after, label }: SliderProps) {
  const box = useRef<HTMLDivElement>(null)
  const move = (input: HTMLInputElement) => {
    box.current?.style.setProperty('--split', `${input.value}%`)
    input.setAttribute(
      'aria-valuetext',
      `${input.value} % original, ${100 - Number(input.value)} % developed`,
    )
  }
  return (
    <div class="slider" ref={box}>
      <div class="slider-pictures">
        <img class="slider-after" src={after} alt={`Developed: ${label}`} />
        <img class="slider-before" src={before} alt={`Original: ${label}`} />
        <span class="slider-line" aria-hidden="true" />
      </div>
      <input
        type="range"
        min="0"
        max="100"
        value="50"
        aria-label={`How much of the original is shown: ${label}`}
        aria-valuetext="50 % original, 50 % developed"
        onInput={event => move(event.currentTarget)}
      />
      <div class="slider-legend" aria-hidden="true">
        <span>Original</span>
        <span>Developed</span>
      </div>
    </div>
  )
}
