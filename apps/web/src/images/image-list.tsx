import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ImageRow } from './image-row.tsx'
import { shownRows } from './store.ts'

/** All rows have the same height, in rem, so rows need not be measured. The same number is in row.css. */
const rowHeight = 4.75
/** How many rows beyond the edges of the window are drawn. */
const spare = 6

const alwaysDrawn = 20

/** Only rows in view are in the document, so thousands of rows cost no more than a screenful. */
export function ImageList() {
  const rows = shownRows.value
  const box = useRef<HTMLUListElement>(null)
  const range = useSignal({ from: 0, to: 24 })
  useEffect(() => {
    const measure = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0
      const height = rowHeight * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const from = Math.max(0, Math.floor(-top / height) - spare)
      const to = Math.ceil((innerHeight - top) / height) + spare
      const { from: oldFrom, to: oldTo } = range.peek()
      if (from !== oldFrom || to !== oldTo) range.value = { from, to }
    }
    measure()
    addEventListener('scroll', measure, { passive: true })
    addEventListener('resize', measure)
    return () => {
      removeEventListener('scroll', measure)
      removeEventListener('resize', measure)
    }
  }, [])
  // Some rows are always in the document, even while the list is out of view: for screen readers, and for the browser's
  // search.
  const from = Math.max(0, Math.min(range.value.from, rows.length - alwaysDrawn))
  const to = Math.max(range.value.to, from + alwaysDrawn)
  return (
    <ul
      role="list"
      class="rows"
      ref={box}
      style={{ height: `${rows.length * rowHeight}rem` }}
      aria-label="Images"
    >
      {rows.slice(from, to).map((row, at) => (
        <ImageRow
          key={row.key}
          row={row}
          top={(from + at) * rowHeight}
          at={from + at + 1}
          count={rows.length}
        />
      ))}
    </ul>
  )
}
