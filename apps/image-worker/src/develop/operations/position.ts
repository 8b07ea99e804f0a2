import type { Place } from '@darkroom/contracts'

/** The position of a rectangle inside one that is larger by this many pixels. */
export function offsetAt(place: Place, wider: number, higher: number): { left: number; top: number } {
  const along = (room: number, start: string, end: string) => {
    if (place.includes(start)) return 0
    return place.includes(end) ? room : Math.floor(room / 2)
  }
  return { left: along(wider, 'left', 'right'), top: along(higher, 'top', 'bottom') }
}
