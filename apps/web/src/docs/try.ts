import { urlOf } from '../api/base.ts'

/* "Try it": sends the request of a form with the session of the page, and shows the answer. */

/** A form comes into the document when its section is opened. */
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

async function tryRoute(form: HTMLFormElement): Promise<void> {
  const output = form.querySelector('output')
  if (!output) return
  output.hidden = false
  output.replaceChildren('Asking…')
  try {
    const { url, init } = requestOf(form)
    const answer = await fetch(url, init)
    output.replaceChildren(`${answer.status} ${answer.statusText}\n`)
    if (answer.status === 401) output.append(signInLink())
    const type = answer.headers.get('content-type') ?? ''
    if (type.startsWith('text/event-stream')) await showEvents(answer, output)
    else if (answer.ok && /^(image|application\/zip)/.test(type)) showBytes(await answer.blob(), type, output)
    else output.append(indented(await answer.text()))
  } catch {
    output.replaceChildren('Darkroom does not answer. Check the connection, then try again.')
  }
}

function requestOf(form: HTMLFormElement): { url: string; init: RequestInit } {
  const { path = '', method = 'GET' } = form.dataset
  const fields = [...form.querySelectorAll<Field>('[data-in]')]
  const valuesIn = (place: string) =>
    fields.filter(({ dataset, value }) => dataset.in === place && value !== '')
  const values = new Map(valuesIn('path').map(({ name, value }) => [name, value]))
  const filled = path.replace(/:([a-zA-Z]+)/g, (_, name: string) =>
    encodeURIComponent(values.get(name) ?? ''),
  )
  const query = Object.fromEntries(valuesIn('query').map(({ name, value }) => [name, value]))
  const headers = new Headers(valuesIn('header').map(({ name, value }) => [name, value]))
  const init: RequestInit = { method, headers }
  const [body] = valuesIn('body')
  if (body instanceof HTMLTextAreaElement) {
    headers.set('content-type', 'application/json')
    init.body = body.value
  } else if (body?.files?.[0]) {
    headers.set('content-type', 'application/octet-stream')
    init.body = body.files[0]
  }
  return { url: urlOf(filled.replace(/^\//, ''), query), init }
}

async function showEvents(answer: Response, output: HTMLOutputElement): Promise<void> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  const timer = setTimeout(() => void reader.cancel(), followMs)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    output.append(value)
  }
  clearTimeout(timer)
  output.append(`— followed for ${followMs / 1000} s, or to the end`)
}

function showBytes(blob: Blob, type: string, output: HTMLOutputElement): void {
  const href = URL.createObjectURL(blob)
  const link = document.createElement('a')
  Object.assign(link, { href, download: '', textContent: `${type}, ${blob.size} bytes` })
  output.append(link)
  if (type.startsWith('image/'))
    output.append(Object.assign(document.createElement('img'), { src: href, alt: 'The image of the answer' }))
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
