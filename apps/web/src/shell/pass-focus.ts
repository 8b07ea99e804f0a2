/**
 * Call this before the item of a button is removed from its list. It moves the focus to the same button of the next or
 * previous item, whose label begins with the same verb, or else to another element. Otherwise, keyboard users would begin at
 * the top of the page again.
 */
export function passFocus({ currentTarget }: Event, otherwise: string): void {
  if (!(currentTarget instanceof HTMLElement)) return
  const [verb] = currentTarget.ariaLabel?.split(' ') ?? []
  const item = currentTarget.closest('li, fieldset')
  const next = [item?.nextElementSibling, item?.previousElementSibling]
    .map(each => each?.querySelector<HTMLElement>(`button[aria-label^="${verb}"]`))
    .find(button => button)
  focusOn(next ?? otherwise)
}

/** Does not scroll: the row of a list may be drawn far below. */
export function focusOn(target: HTMLElement | string): void {
  const element = typeof target === 'string' ? document.querySelector<HTMLElement>(target) : target
  element?.focus({ preventScroll: true })
}
