import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editXml, type XmlRule } from '../../../src/develop/metadata/xml-edits.ts'

const nothing: XmlRule = () => undefined
const setSize: XmlRule = ({ local }) => (local === 'size' ? { text: '9' } : undefined)

test('XML gets other texts in its elements and attributes; an empty element has no place for a text', () => {
  const { xml } = editXml('<a size="1"><size>2</size><size/><b/></a>', setSize)
  assert.equal(xml, '<a size="9"><size>9</size><size/><b/></a>')
})

test('XML that is nested deeply or has many namespaces is refused, because it could take long', () => {
  const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`
  const declaring = (count: number) => {
    const declarations = Array.from({ length: count }, (_, at) => ` xmlns:n${at}="urn:${at}"`)
    return `<a${declarations.join('')}/>`
  }
  for (const xml of [nested(100), declaring(190)]) assert.equal(editXml(xml, nothing).xml, xml)
  assert.throws(() => editXml(nested(101), nothing), SyntaxError)
  assert.throws(() => editXml(declaring(210), nothing), SyntaxError)
})
