import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { readForm } from '../../src/uploads/uploaded-form.ts'
import { filePart, formData, formHeaders, openForm, operationsPart } from '../form-data.ts'

/** Cuts the bytes at these places. Each chunk, and the end, arrives in its own turn of the event loop. */
async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const bounds = [0, ...places.map(place => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (const [index, end] of bounds.slice(1).entries()) {
    await turn()
    yield bytes.subarray(bounds[index], end)
  }
  await turn()
  await turn()
}

async function read(body: AsyncIterable<Uint8Array>) {
  const { file, options } = await readForm(formHeaders, body)
  return { operations: options.operations, content: Buffer.concat(await Array.fromAsync(file)) }
}

/** Content that looks almost like a boundary is the hardest case. A client must avoid the boundary itself. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom('\r\n--a-boundary-012', '\r\n', '\r', '--', '\r\n--').map(Buffer.from),
)
const content = fc.array(piece, { maxLength: 20 }).map(pieces => Buffer.concat(pieces))
const places = fc.array(fc.nat(), { maxLength: 20 })

suite('the file of a form', () => {
  test('the file of a form is streamed unchanged, wherever the form is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(content, places, fc.boolean(), async (bytes, at, isNamed) => {
        fc.pre(!bytes.includes('--a-boundary-0123'))
        const form = formData(...(isNamed ? [operationsPart('swap-channels')] : []), filePart(bytes))
        const { operations, content } = await read(cut(form, at))
        assert.ok(content.equals(bytes))
        assert.equal(operations, isNamed ? 'swap-channels' : undefined)
      }),
    )
  })

  test('the file of a form is streamed completely even if it is longer than all buffers', async () => {
    const bytes = Buffer.alloc(3_000_000)
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 7919) % 251
    const { content } = await read(cut(formData(filePart(bytes)), [1, 100_000, 2_000_000]))
    assert.ok(content.equals(bytes))
  })

  test('the file of a form ends with an error if the form ends too early, wherever that is', async () => {
    const form = formData(operationsPart('swap-channels'), filePart(Buffer.from('an image')))
    const closing = '--\r\n'.length
    for (let length = 0; length <= form.length - closing; length++) {
      await assert.rejects(
        read(cut(form.subarray(0, length), [10, 50, 100])),
        /form/,
        `after ${length} bytes`,
      )
      await turn()
    }
  })
})

/** What browsers send for a file input. */
const nameless = (content: Uint8Array) => ({
  ...filePart(content),
  filename: '',
  type: 'application/octet-stream',
})
const unchosen = nameless(Buffer.alloc(0))

suite('a form', () => {
  test('a form may have file inputs without a chosen file, before and after the file', async () => {
    const bytes = Buffer.from('an image')
    const parts = [unchosen, operationsPart('flip'), filePart(bytes), unchosen]
    const form = formData(...parts, unchosen)
    for (let at = 0; at <= form.length; at++) {
      const { operations, content } = await read(cut(form, [at]))
      assert.deepEqual([operations, content.toString()], ['flip', 'an image'], `cut after ${at} bytes`)
    }
    await assert.rejects(read(cut(formData(unchosen), [])), /the form has no file/)
  })

  test('a form may give a file an empty name, but not two files', async () => {
    const bytes = Buffer.from('an image')
    const unnamed = nameless(bytes)
    for (let at = 0; at <= formData(unnamed).length; at++)
      assert.ok((await read(cut(formData(unnamed), [at]))).content.equals(bytes))
    for (const other of [unnamed, filePart(bytes)])
      await assert.rejects(read(cut(formData(unnamed, other), [])), /the form has more than one file/)
  })

  test('a form with more than 20 parts is refused, also if the file or a second file is the last of them', async () => {
    const file = filePart(Buffer.from('an image'))
    const empty = Array<typeof unchosen>(20).fill(unchosen)
    for (const parts of [
      [...empty, file],
      [file, ...empty],
      [file, ...empty, file],
    ])
      await assert.rejects(read(cut(formData(...parts), [])), /the form has more than 20 parts/)
    assert.equal(String((await read(cut(formData(...empty.slice(1), file), []))).content), 'an image')
  })

  test('a form that ends within a file without a name is refused', async () => {
    const form = formData(nameless(Buffer.from('an image')))
    for (let length = 0; length <= form.length - '--\r\n'.length; length++) {
      await assert.rejects(read(cut(form.subarray(0, length), [])), /form/, `after ${length} bytes`)
      await turn()
    }
  })

  test('a form in which the header of a part continues after the closing boundary is refused', async () => {
    const begin = '--a-boundary-0123\r\n'
    const text = `${begin}Content-Disposition: form-data\r\n--a-boundary-0123--\r\nmore\r\n${begin}`
    for (let at = 0; at < text.length; at++)
      await assert.rejects(read(cut(Buffer.from(text), [at])), /form/, `cut at ${at}`)
  })

  test('a form with an empty boundary is refused', async () => {
    const part = 'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\nan image'
    const form = cut(Buffer.from(`------x\r\n${part}\r\n------x--\r\n`), [])
    const headers = { 'content-type': 'multipart/form-data; boundary=' }
    await assert.rejects(readForm(headers, form), /form/)
  })

  test('a form with an unknown field is refused with advice; if it may be the image, to name the file', async () => {
    for (const content of ['an image', 'x'.repeat(100_000)]) {
      const form = formData({ name: 'file', content })
      await assert.rejects(
        read(cut(form, [])),
        /unknown field "file".* operations.* send it with a file name/,
      )
    }
    const nameless = '--a-boundary-0123\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a-boundary-0123--\r\n'
    await assert.rejects(read(cut(Buffer.from(nameless), [])), /unknown field ""/)
  })

  test('a form with a field after the file is refused, with words for clients that sort their fields', async () => {
    const form = formData(filePart(Buffer.from('an image')), operationsPart('flip'))
    await assert.rejects(
      read(cut(form, [])),
      /"operations" must come before the file, or be sent in the query/,
    )
  })

  test('a form with the same field twice is refused', async () => {
    const form = formData(operationsPart('flip'), operationsPart('flop'), filePart(Buffer.from('an image')))
    await assert.rejects(read(cut(form, [])), /the field "operations" is given twice/)
  })

  test('a form with a part that is encoded as text is refused by its encoding', async () => {
    const file = filePart(Buffer.from('an image'))
    for (const [part, type] of [
      [file, 'image/png'],
      [operationsPart('ZmxpcA=='), 'text/plain'],
    ] as const)
      for (const encoding of ['base64', 'Quoted-Printable', 'x-other']) {
        const encoded = { ...part, type: `${type}\r\nContent-Transfer-Encoding: ${encoding}` }
        const message = new RegExp(`"${encoding}" of the part "${part.name}" is not supported`, 'i')
        await assert.rejects(read(cut(formData(encoded, file), [])), { code: 'invalid-form', message })
      }
    const binary = { ...file, type: 'image/png\r\nContent-Transfer-Encoding: BINARY' }
    assert.equal(String((await read(cut(formData(binary), []))).content), 'an image')
  })

  test('fault: the reader of the file of a form stops while the parser waits for it', async () => {
    let isEnded = false
    async function* whole() {
      try {
        yield* cut(formData(filePart(Buffer.alloc(1_000_000))), [100_000, 200_000, 300_000, 400_000])
      } finally {
        isEnded = true
      }
    }
    const { file } = await readForm(formHeaders, whole())
    for (let n = 0; n < 20; n++) await turn()
    file.destroy()
    for (let n = 0; n < 1000 && !isEnded; n++) await turn()
    assert.ok(isEnded)
  })
})

suite('any bytes', () => {
  test('any bytes are parsed as a form, or refused with a client error', async () => {
    const bytes = fc.oneof(
      content,
      content.map(content => openForm(filePart(content), operationsPart('x'))),
      fc
        .array(
          fc.constantFrom(
            '--a-boundary-0123',
            '\r\n',
            'Content-Disposition: form-data',
            '; name="file"',
            '; filename="x"',
            ':',
            '--',
          ),
          { maxLength: 30 },
        )
        .map(texts => Buffer.from(texts.join(''))),
    )
    await fc.assert(
      fc.asyncProperty(bytes, places, async (bytes, at) => {
        const problem = await read(cut(bytes, at)).catch(error => error)
        await turn()
        if (problem instanceof Error) assert.deepEqual(Object(problem).status, 400)
      }),
      { numRuns: 300 },
    )
  })
})

suite('a file without a reader', () => {
  test('fault: a file without a reader may fail before it is read', async () => {
    async function* broken() {
      yield openForm(filePart(Buffer.from('an image')))
      await turn()
      throw new Error('aborted')
    }
    const { file } = await readForm(formHeaders, broken())
    for (let n = 0; n < 20; n++) await turn()
    await assert.rejects(Array.fromAsync(file), /aborted/)
  })

  test('a file without a reader ends the reading of the form when it is destroyed', async () => {
    let isEnded = false
    async function* endless() {
      try {
        yield openForm(filePart(Buffer.from('an image')))
        for (;;) {
          await turn()
          yield Buffer.alloc(100_000)
        }
      } finally {
        isEnded = true
      }
    }
    const { file } = await readForm(formHeaders, endless())
    file.destroy()
    for (let n = 0; n < 1000 && !isEnded; n++) await turn()
    assert.ok(isEnded)
  })
})
