const paths = {
  up: 'M8 12V4M4.5 7.5 8 4l3.5 3.5',
  down: 'M8 4v8M4.5 8.5 8 12l3.5-3.5',
  cross: 'm4 4 8 8m0-8-8 8',
  check: 'm3 8.5 3.2 3L13 4.5',
  download: 'M8 3v7M4.8 7 8 10.2 11.2 7M3 13h10',
  bin: 'M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5',
  compare: 'M8 2v12M3 4h5v8H3zM8 4h5v8H8',
  again: 'M12.5 5.5A5 5 0 1 0 13 8M13 2.5v3.2H9.8',
  image: 'M2.5 3.5h11v9h-11zM3 11l3.2-3.4 2.3 2.2 1.8-1.6L13 11M10.6 6.2h.01',
} as const

/** A small drawing beside or instead of words; buttons with a drawing alone have an aria-label. */
export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class="icon-drawing" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
