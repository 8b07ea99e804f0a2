import { describeOperations, maxOperations } from '@darkroom/contracts'
import { escapeHtml, prose } from './html.ts'
import { type Schema, schemaTable } from './schema-table.ts'

/** The path of the pictures from src/docs.html. */
const pictures = '../../../docs/operations'

export function operationSections(): string {
  const sections = describeOperations().map(({ name, summary, form, example, aliases, schema }) => {
    const { name: _name, ...properties } = (schema as Schema).properties ?? {}
    const also =
      aliases.length > 0 ? ` Also <code>${aliases.map(escapeHtml).join('</code> <code>')}</code>.` : ''
    return `<section id="operation-${name}" class="operation">
<h3><code>${name}</code></h3>
<p>${prose(summary)}.${also}</p>
<div class="prints">
<figure><img src="${pictures}/before.webp" alt="A landscape before" width="150" height="100" loading="lazy"><figcaption>before</figcaption></figure>
<figure><img src="${pictures}/${name}.webp" alt="The landscape after ${escapeHtml(example)}" width="150" height="100" loading="lazy"><figcaption><code>${escapeHtml(example)}</code></figcaption></figure>
</div>
<p class="hint">Written <code>${escapeHtml(form)}</code></p>
${schemaTable('Arguments', { ...(schema as Schema), properties })}
</section>`
  })
  return `<p>At most ${maxOperations} operations, applied in the given order, each to the result of the previous operation.</p>${sections.join('')}`
}
