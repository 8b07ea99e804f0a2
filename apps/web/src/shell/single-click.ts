/**
 * For buttons that delete or confirm. It ignores the second click of a double click, as that would hit whatever has moved
 * to the place of the button.
 */
export function singleClick(act: () => void): (event: MouseEvent) => void {
  return ({ detail }) => {
    if (detail <= 1) act() // 0: by keyboard
  }
}
