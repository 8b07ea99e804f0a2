/**
 * For buttons that delete or confirm. It ignores the second click of a double click, which would hit whatever has moved to
 * the place of the button.
 */
export function singleClick(act: (event: MouseEvent) => void): (event: MouseEvent) => void {
  return event => {
    if (event.detail <= 1) act(event) // 0: by keyboard
  }
}
