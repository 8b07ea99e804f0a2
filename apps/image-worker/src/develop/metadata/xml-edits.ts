/** The name of an element or attribute: its namespace and its local name. */
export interface XmlName {
  readonly namespace: string
  readonly local: string
}

/** The edit of an element (with everything in it) or of an attribute: it is removed, gets another text, or stays. */
export type XmlRule = (name: XmlName) => 'remove' | { text: string } | undefined

/** A replacement for a part of the document. */
interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

interface OpenElement {
  readonly name: string
  readonly namespaces: Namespaces
}

/** An open element that is removed, or whose content is replaced by a text. */
interface EditedElement {
  /** The number of open elements, including this element. */
  readonly depth: number
  readonly from: number
  /** Undefined if the element is removed. */
  readonly text: string | undefined
}

type Namespaces = ReadonlyMap<string, string>

/** Namespaces in XML 1.0, section 3. */
const wellKnown: Namespaces = new Map([
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
  ['xmlns', 'http://www.w3.org/2000/xmlns/'],
])

/** No real metadata is nested this deep; deeper documents could take long. */
const maxDepth = 100
const maxNamespaces = 200

/**
 * Edits an XML document by the names in it, and leaves every other byte unchanged. `staying` holds the names that are
 * left. A namespace declaration is removed if `rule` removes the name '' of its namespace.
 *
 * @throws SyntaxError for a document that isn't well formed or has a document type declaration
 */
export function editXml(xml: string, rule: XmlRule): { xml: string; staying: XmlName[] } {
  const edits: Edit[] = []
  const staying: XmlName[] = []
  const open: OpenElement[] = []
  let edited: EditedElement | undefined

  const close = (contentEnd: number, end: number) => {
    if (edited?.depth === open.length) {
      const { from, text } = edited
      edits.push({ from, to: text === undefined ? end : contentEnd, text: text ?? '' })
      edited = undefined
    }
    open.pop()
  }
  const start = (at: number): number => {
    const tag = readStartTag(xml, at, open.at(-1)?.namespaces ?? wellKnown)
    const name = resolve(tag.name, tag.namespaces, 'element')
    const depth = open.push({ name: tag.name, namespaces: tag.namespaces })
    if (depth > maxDepth) throw new SyntaxError('the XML is nested too deeply')
    if (!edited) {
      const action = rule(name)
      if (action === 'remove') edited = { depth, from: at, text: undefined }
      else {
        staying.push(name)
        editAttributes(tag, rule, edits, staying)
        // An empty element has no place for a text.
        if (action && !tag.isEmpty) edited = { depth, from: tag.end, text: escaped(action.text) }
      }
    }
    if (tag.isEmpty) close(tag.end, tag.end)
    return tag.end
  }

  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at)) {
    const skipped = skippedFrom(xml, at)
    if (skipped !== undefined) at = skipped
    else if (xml.startsWith('</', at)) {
      const [all, name] = match(endTag, xml, at)
      if (name !== open.at(-1)?.name) throw new SyntaxError('an XML element is not closed')
      close(at, at + all.length)
      at += all.length
    } else at = start(at)
  }
  if (open.length > 0) throw new SyntaxError('an XML element is not closed')
  return { xml: apply(xml, edits), staying }
}

/** The end of a comment, character data or a processing instruction; undefined if a tag begins here. */
function skippedFrom(xml: string, at: number): number | undefined {
  for (const [begin, end] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!xml.startsWith(begin, at)) continue
    const found = xml.indexOf(end, at + begin.length)
    if (found === -1) throw new SyntaxError('the XML ends too early')
    return found + end.length
  }
  if (xml.startsWith('<!', at)) throw new SyntaxError('the XML has a document type declaration')
  return undefined
}

interface Attribute {
  readonly name: string
  readonly value: string
  /** From the space before the attribute to the end of its value. */
  readonly from: number
  readonly to: number
}

interface StartTag {
  readonly name: string
  readonly attributes: Attribute[]
  readonly namespaces: Namespaces
  readonly isEmpty: boolean
  readonly end: number
}

/** XML 1.0, section 3.1, and the characters that a name must not hold here. */
const tagName = /<([^\s=<>/"'?!&]+)/y
const attribute = /\s+([^\s=<>/"'?!&]+)\s*=\s*("[^"<]*"|'[^'<]*')/y
const tagEnd = /\s*(\/?)>/y
const endTag = /<\/([^\s=<>/"'?!&]+)\s*>/y

function readStartTag(xml: string, start: number, outer: Namespaces): StartTag {
  const [opening, name = ''] = match(tagName, xml, start)
  const attributes: Attribute[] = []
  let at = start + opening.length
  for (;;) {
    attribute.lastIndex = at
    const found = attribute.exec(xml)
    if (!found) break
    const to = at + found[0].length
    attributes.push({ name: found[1] ?? '', value: found[2]?.slice(1, -1) ?? '', from: at, to })
    at = to
  }
  const [ending, slash] = match(tagEnd, xml, at)
  return {
    name,
    attributes,
    namespaces: namespacesWith(attributes, outer),
    isEmpty: slash === '/',
    end: at + ending.length,
  }
}

function namespacesWith(attributes: readonly Attribute[], outer: Namespaces): Namespaces {
  const declared = attributes.filter(({ name }) => name === 'xmlns' || name.startsWith('xmlns:'))
  if (declared.length === 0) return outer
  const namespaces = new Map(outer)
  for (const { name, value } of declared) {
    if (value.includes('&')) throw new SyntaxError('an XML namespace contains a character reference')
    namespaces.set(name.slice('xmlns:'.length), value)
  }
  if (namespaces.size > maxNamespaces) throw new SyntaxError('the XML has too many namespaces')
  return namespaces
}

function editAttributes(
  { attributes, namespaces }: StartTag,
  rule: XmlRule,
  edits: Edit[],
  staying: XmlName[],
) {
  for (const { name, value, from, to } of attributes) {
    const isDeclaration = name === 'xmlns' || name.startsWith('xmlns:')
    const resolved = isDeclaration ? { namespace: value, local: '' } : resolve(name, namespaces, 'attribute')
    const action = rule(resolved)
    if (action === 'remove') {
      edits.push({ from, to, text: '' })
      continue
    }
    if (!isDeclaration) staying.push(resolved)
    if (action) edits.push({ from: to - value.length - 1, to: to - 1, text: escaped(action.text) })
  }
}

/** An attribute without a prefix is in no namespace. */
function resolve(name: string, namespaces: Namespaces, kind: 'element' | 'attribute'): XmlName {
  const colon = name.indexOf(':')
  if (colon === -1) return { namespace: kind === 'element' ? (namespaces.get('') ?? '') : '', local: name }
  const namespace = namespaces.get(name.slice(0, colon))
  if (namespace === undefined) throw new SyntaxError('an XML namespace is missing')
  return { namespace, local: name.slice(colon + 1) }
}

function match(pattern: RegExp, xml: string, at: number): RegExpExecArray {
  pattern.lastIndex = at
  const found = pattern.exec(xml)
  if (!found) throw new SyntaxError('the XML is not well formed')
  return found
}

/** Edits are in the order of the document and don't overlap. */
function apply(xml: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const { from, to, text } of edits) {
    parts.push(xml.slice(at, from), text)
    at = to
  }
  return parts.join('') + xml.slice(at)
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
}
