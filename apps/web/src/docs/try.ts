import { urlOf } from '../api/base.ts'

/** "Try it": sends the request of a form with the session of the page, and shows the answer. */
for (const form of document.querySelectorAll<HTMLFormElement>('.try-route'))
  form.addEventListener('submit', event => {
    event.preventDefault()
    void tryRoute(form)
  })

async function tryRoute(form: HTMLFormElement): Promise<void> {
  const output = form.querySelector('output')
  if (!output) return
  const values = new Map([...new FormData(form)].map(([name, value]) => [name, String(value)]))
  const path = (form.dataset.path ?? '').replace(/^\//, '').replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = values.get(name) ?? ''
    values.delete(name)
    return encodeURIComponent(value)
  })
  output.hidden = false
  output.textContent = 'Asking…'
  try {
    const answer = await fetch(urlOf(path, Object.fromEntries(values)))
    const text = await answer.text()
    output.textContent = `${answer.status} ${answer.statusText}\n${indented(text)}`
  } catch {
    output.textContent = 'Darkroom does not answer. Check the connection, then try again.'
  }
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
