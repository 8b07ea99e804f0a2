import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { singleClick } from '../shell/single-click.ts'

interface QuestionProps {
  words: string
  label?: string
  /** The words of the button that confirms; undefined if there is nothing to confirm. */
  ask(): string | undefined | Promise<string | undefined>
  act(): void
}

/** A button whose action must be confirmed. The focus stays here while one button takes the place of another. */
export function Question({ words, label, ask, act }: QuestionProps) {
  const box = useRef<HTMLSpanElement>(null)
  const asked = useSignal<string | undefined>(undefined)
  const isAsking = useRef(false)
  const isAnswered = useRef(false)
  useLayoutEffect(() => {
    const isLost = document.activeElement === document.body
    if (isAnswered.current && isLost) box.current?.querySelector('button')?.focus()
    isAnswered.current = false
  }, [asked.value])
  const begin = async () => {
    if (isAsking.current) return
    isAsking.current = true
    const question = await ask()
    isAsking.current = false
    isAnswered.current = true
    asked.value = question
  }
  const end = () => {
    isAnswered.current = true
    asked.value = undefined
  }
  return (
    <span class="inline" ref={box}>
      {asked.value === undefined ? (
        <button key="ask" type="button" aria-label={label} onClick={() => void begin()}>
          {words}
        </button>
      ) : (
        <>
          <button
            key="yes"
            type="button"
            class="primary"
            onClick={singleClick(() => {
              end()
              act()
            })}
          >
            {asked.value}
          </button>
          <button key="no" type="button" onClick={end}>
            No
          </button>
        </>
      )}
    </span>
  )
}
