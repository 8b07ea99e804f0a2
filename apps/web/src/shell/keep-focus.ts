import { focusOn } from './pass-focus.ts'

/*
 * When the control that has the focus disappears or is disabled, the focus moves to a control near its place: to the control
 * before it in its row, to the first control in its part of the page, or to a control that had the focus earlier. Otherwise,
 * keyboard users would begin at the top of the page again.
 */

const controls = 'a[href], button, input, select, summary, [tabindex]'
const maxEarlier = 10

let focused: HTMLElement | undefined
/** The ancestors of the focused control, the nearest first: it loses them when it is removed. */
let around: readonly Element[] = []
/** The other controls of its row, the nearest first. */
let inRow: readonly HTMLElement[] = []
let earlier: readonly HTMLElement[] = []

document.addEventListener('focusin', ({ target }) => {
  if (!(target instanceof HTMLElement)) return
  if (focused) earlier = [focused, ...earlier].slice(0, maxEarlier)
  focused = target
  around = partsAround(target)
  const all = controlsIn(target.closest('li'))
  const at = all.indexOf(target)
  inRow = [...all.slice(0, Math.max(0, at)).reverse(), ...all.slice(at + 1)]
})

/** After a click beside the controls, the user has left the focused control. */
document.addEventListener('focusout', () =>
  queueMicrotask(() => {
    if (focused && isUsable(focused) && isLost()) focused = undefined
  }),
)

new MutationObserver(changes => {
  if (!focused || (isThere(focused) && changes.every(({ type }) => type === 'childList'))) return
  if (isUsable(focused) || !isLost()) return
  const near = around.filter(({ isConnected }) => isConnected).flatMap(controlsIn)
  const next = [...inRow, ...near, ...earlier, ...controlsIn(document.querySelector('main'))].find(isUsable)
  if (next) focusOn(next)
}).observe(document, { subtree: true, childList: true, attributeFilter: ['disabled', 'open'] })

/** Whether it still has the focus. Visibility is not checked: that would cost a layout for each change of a long list. */
function isThere(control: HTMLElement): boolean {
  return control === document.activeElement && control.isConnected && !control.matches(':disabled')
}

/** A control that was disabled or hidden has the focus until the browser draws. */
function isLost(): boolean {
  const active = document.activeElement
  return active === document.body || (active instanceof HTMLElement && !isUsable(active))
}

function isUsable(control: HTMLElement): boolean {
  return control.isConnected && !control.matches(':disabled') && isVisible(control)
}

/** Safari has checkVisibility since 17.4. */
function isVisible(control: HTMLElement): boolean {
  return control.checkVisibility?.() ?? control.getClientRects().length > 0
}

/** Up to the part of the page that has a heading or a name of its own. */
function partsAround(element: Element): Element[] {
  const parent = element.parentElement
  if (!parent) return []
  return parent.matches('section, dialog, main, header') ? [parent] : [parent, ...partsAround(parent)]
}

function controlsIn(part: Element | null): HTMLElement[] {
  return [...(part?.querySelectorAll<HTMLElement>(controls) ?? [])]
}
