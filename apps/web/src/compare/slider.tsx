import { useRef } from 'preact/hooks'

interface SliderProps {
  before: string
  after: string
  /** In pixels, if it is known: then space for the pictures is reserved before they are loaded. */
  size?: { width: number; height: number } | undefined
  /** One of the pictures can't be loaded. */
  onBroken?(): void
  /** The name of the image. */
  label: string
}

/** A line of pixels would be too thin to be seen, so it is stretched. */
function stretchThin({ currentTarget: image }: { currentTarget: HTMLImageElement }): void {
  const { naturalWidth: width, naturalHeight: height } = image
  // A wide picture has the width of the dialog, a tall picture its own width.
  const isThin = width > height * 50 || (height > width * 50 && width < 16)
  image.classList.toggle('is-thin', isThin)
}

/**
 * A tall picture, such as a screenshot of a whole web page, is scrolled: fitted into the dialog, it would be a thin line.
 */
const scrollable = { tabIndex: 0, role: 'group', 'aria-label': 'Both pictures' } as const

/**
 * Two pictures on top of each other, and a line between them. A native range input moves the line, so that keyboard and
 * touch work, too. The line also follows a pointer on the pictures.
 */
export function Slider({ before, after, size, onBroken, label }: SliderProps) {
  const isTall = size !== undefined && size.height > 2 * size.width
  // As wide as the pictures are at their greatest height, which compare.css sets: without empty stripes beside them.
  const fitted = size && !isTall && { style: { maxWidth: `calc(50dvh * ${size.width / size.height})` } }
  const place = {
    ...size,
    onLoad: stretchThin,
    ...(onBroken && { onError: onBroken }),
    ...(isTall && { style: { maxHeight: `${size.height}px` } }),
  }
  const box = useRef<HTMLDivElement>(null)
  const range = useRef<HTMLInputElement>(null)
  const move = (input: HTMLInputElement) => {
    box.current?.style.setProperty('--split', `${input.value}%`)
    input.setAttribute(
      'aria-valuetext',
      `${input.value} % original, ${100 - Number(input.value)} % developed`,
    )
  }
  const follow = (event: PointerEvent) => {
    if (event.buttons !== 1 || !range.current || !(event.currentTarget instanceof HTMLElement)) return
    const { left, width } = event.currentTarget.getBoundingClientRect()
    range.current.value = String(Math.round(((event.clientX - left) / width) * 100))
    move(range.current)
  }
  return (
    <div class="slider" ref={box} {...fitted}>
      <div
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId)
          follow(event)
        }}
        onPointerMove={follow}
        class={isTall ? 'slider-pictures is-tall' : 'slider-pictures'}
        {...(isTall && scrollable)}
      >
        <img class="slider-after" draggable={false} {...place} src={after} alt={`Developed: ${label}`} />
        <img class="slider-before" draggable={false} {...place} src={before} alt={`Original: ${label}`} />
        <span class="slider-line" aria-hidden="true" />
      </div>
      <input
        ref={range}
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
