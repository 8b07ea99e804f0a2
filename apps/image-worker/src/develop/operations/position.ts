import type { Place } from '@darkroom/contracts'

/** Where a smaller rectangle begins in a larger one, which is so many pixels wider and higher. */
export function offsetAt(place: Place, wider: number, higher: number): { left: number; top: number } {
  const along = (room: number, start: string, end: string) => {
    if (place.includes(start)) return 0
    return place.includes(end) ? room : Math.floor(room / 2)
  }
  return { left: along(wider, 'left', 'right'), top: along(higher, 'top', 'bottom') }
}
