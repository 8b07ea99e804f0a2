import { urlOf } from '../api/base.ts'

/* "Try it": sends the request of a form with the session of the page, and shows the response. */

/** A form is added to the document when its section is opened. */
function openForm(event: Event): void {
  if (!(event.target instanceof HTMLDetailsElement)) return
  const template = event.target.querySelector('template')
  template?.replaceWith(template.content)
}

document.addEventListener('toggle', openForm, { capture: true }) // it doesn't bubble
document.addEventListener('submit', event => {
  if (!(event.target instanceof HTMLFormElement)) return
  event.preventDefault()
  void tryRoute(event.target)
})

/** How long an event stream is followed. */
const followMs = 15_000

type Field = HTMLInputElement | HTMLTextAreaElement

/** The latest try of each form; it ends the previous try. */
const latest = new WeakMap<HTMLFormElement, AbortController>()

async function tryRoute(form: HTMLFormElement): Promise<void> {
  const output = form.querySelector('output')
  if (!output) return
  latest.get(form)?.abort()
  const { signal } = setLatest(form)
  output.hidden = false
  output.replaceChildren('Sending…')
  try {
    await showResponse(await fetch(requestOf(form, signal)), output)
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof Unsendable) output.replaceChildren(error.message)
    else output.append('\nDarkroom does not answer. Check the connection, then try again.')
  }
}

function setLatest(form: HTMLFormElement): AbortController {
  const attempt = new AbortController()
  latest.set(form, attempt)
  return attempt
}

async function showResponse(response: Response, output: HTMLOutputElement): Promise<void> {
  output.replaceChildren(`${response.status} ${response.statusText}\n`)
  if (response.status === 401) output.append(signInLink())
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) await showEvents(response, output)
  else if (response.ok && /^(image|application\/zip)/.test(type))
    showBytes(await response.blob(), type, output)
  else output.append(indented(await response.text()))
}

class Unsendable extends Error {}

/** @throws Unsendable if the browser refuses a value of the form */
function requestOf(form: HTMLFormElement, signal: AbortSignal): Request {
  const { path = '', method = 'GET' } = form.dataset
  const fields = [...form.querySelectorAll<Field>('[data-in]')]
  const valuesIn = (place: string) =>
    fields.filter(({ dataset, value }) => dataset.in === place && value !== '')
  const values = new Map(valuesIn('path').map(({ name, value }) => [name, value]))
  const filled = path.replace(/:([a-zA-Z]+)/g, (_, name: string) =>
    encodeURIComponent(values.get(name) ?? ''),
  )
  const query = Object.fromEntries(valuesIn('query').map(({ name, value }) => [name, value]))
  const headers = headersOf(valuesIn('header'))
  const init: RequestInit = { method, headers, signal }
  const [body] = valuesIn('body')
  if (body instanceof HTMLTextAreaElement) {
    headers.set('content-type', 'application/json')
    init.body = body.value
  } else if (body?.files?.[0]) {
    headers.set('content-type', 'application/octet-stream')
    init.body = body.files[0]
  }
  return new Request(urlOf(filled.replace(/^\//, ''), query), init)
}

function headersOf(fields: readonly Field[]): Headers {
  const headers = new Headers()
  for (const { name, value } of fields)
    try {
      headers.set(name, value)
    } catch {
      throw new Unsendable(`The header ${name} can contain only Latin letters, digits and signs.`)
    }
  return headers
}

async function showEvents(response: Response, output: HTMLOutputElement): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  const timer = setTimeout(() => void reader.cancel(), followMs)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      output.append(value)
    }
  } finally {
    clearTimeout(timer)
  }
  output.append(`— the docs show at most ${followMs / 1000} s of a stream`)
}

function showBytes(blob: Blob, type: string, output: HTMLOutputElement): void {
  const href = URL.createObjectURL(blob)
  const link = document.createElement('a')
  Object.assign(link, { href, download: '', textContent: `${type}, ${blob.size} bytes` })
  output.append(link)
  if (type.startsWith('image/'))
    output.append(
      Object.assign(document.createElement('img'), { src: href, alt: 'The image of the response' }),
    )
}

function signInLink(): HTMLElement {
  const link = document.createElement('a')
  Object.assign(link, { href: urlOf(''), textContent: 'Sign in on the page of images, then try again.\n' })
  return link
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
