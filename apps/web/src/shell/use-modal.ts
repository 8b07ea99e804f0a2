import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

interface ModalAttributes {
  ref: RefObject<HTMLDialogElement | null>
  onCancel(): void
  onClose(event: { currentTarget: HTMLDialogElement }): void
}

/**
 * The attributes of a modal dialog that is shown while `isOpen`. The event `cancel` comes before the user closes it, but
 * `close` a frame later: by then it may have been opened again.
 */
export function useModal(isOpen: boolean, close: () => void): ModalAttributes {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    if (dialog.current?.open === isOpen) return
    if (isOpen) dialog.current?.showModal()
    else dialog.current?.close()
  })
  return {
    ref: dialog,
    onCancel: close,
    onClose: ({ currentTarget }) => {
      if (!currentTarget.open) close()
    },
  }
}
