import type { Clock } from './clock.ts'

/** Repeats a call about every `ms`, up to a tenth sooner or later, so that nodes don't run in step. */
export function repeat(
  { clock, random }: { clock: Clock; random: () => number },
  intervalMs: number,
  run: () => void,
): () => void {
  let cancel = () => {}
  const wait = () => {
    cancel = clock.setTimer(intervalMs * (0.9 + 0.2 * random()), () => {
      wait()
      run()
    })
  }
  wait()
  return () => cancel()
}
