import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

/** How many turns have passed since the page was opened. */
const turn = signal(0)
/** A tab in the background draws nothing, so it has no frames to wait for. */
const maxFrameMs = 100

interface LaterProps {
  in: number
  children: ComponentChildren
}

/** Draws its children in a later turn: opening the page in several short tasks leaves the browser time for input. */
export function Later({ in: wanted, children }: LaterProps) {
  return turn.value >= wanted ? children : null
}

/** Counts the turns, one for each frame that the browser draws. Resolves after the last. */
export async function takeTurns(last: number): Promise<void> {
  while (turn.peek() < last) {
    await nextFrame()
    turn.value++
  }
  await nextFrame()
}

function nextFrame(): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, maxFrameMs)
    requestAnimationFrame(() => setTimeout(resolve)) // in a task of its own, after the frame is drawn
  })
}
