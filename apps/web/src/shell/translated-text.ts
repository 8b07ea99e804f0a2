/**
 * The translator of a browser replaces text nodes by elements. Preact goes on changing the replaced nodes, which nobody
 * sees: an upload would stay at 0 %. So a replaced text is put back when it changes; then the browser translates it again.
 * The removal of a replaced text is not detected: a text that can disappear becomes empty, or has an element of its own.
 */
const translations = new WeakMap<Node, Element>()

const changes = new MutationObserver(records => {
  for (const { target } of records)
    if (target instanceof Text && !target.isConnected) translations.get(target)?.replaceWith(target)
})

const replacements = new MutationObserver(records => {
  for (const { removedNodes, addedNodes, previousSibling, nextSibling } of records)
    for (const text of removedNodes) {
      // Some translators insert the element first.
      const translation = [...addedNodes, previousSibling, nextSibling].find(isOfTranslator)
      if (!(text instanceof Text) || !translation) continue
      translations.set(text, translation)
      changes.observe(text, { characterData: true })
    }
})
replacements.observe(document.body, { childList: true, subtree: true })

/** The page itself has no font elements. */
function isOfTranslator(node: Node | null): node is Element {
  return node instanceof Element && node.localName === 'font'
}
