import { useRef } from 'preact/hooks'

interface CloseAttributes {
  onPointerDown(event: MouseEvent): void
  onClick(event: MouseEvent): void
}

/**
 * The attributes of a modal dialog that a click beside it closes. Safari does not support closedby="any". The press must be
 * beside the dialog, too, because the pointer may leave it while it selects text.
 */
export function useCloseBeside(close: () => void): CloseAttributes {
  const isPressed = useRef(false)
  return {
    onPointerDown: event => {
      isPressed.current = isBeside(event)
    },
    onClick: event => {
      if (isPressed.current && isBeside(event)) close()
    },
  }
}

/** The backdrop belongs to the dialog. */
function isBeside({ target, currentTarget, clientX: x, clientY: y }: MouseEvent): boolean {
  if (target !== currentTarget || !(target instanceof Element)) return false
  const { left, right, top, bottom } = target.getBoundingClientRect()
  return x < left || x > right || y < top || y > bottom
}
