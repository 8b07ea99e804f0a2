import { freePortRange } from './free-port-range.ts'

/** A port of the loopback interface on which nothing listens. */
export function freePort(): Promise<number> {
  return freePortRange(1)
}
