import {
  aliasesOf,
  formatOperations,
  maxOperations,
  type OperationName,
  operationNames,
  operationSchema,
  operationTable,
  parseOperations,
} from '@darkroom/contracts'

/** Generates docs/operations.md from the table of operations. The pictures are in docs/operations/, by their names. */
export function operationsPage(): string {
  return `# Operations

A task has at most ${maxOperations} operations. They are applied in the given order, each to the result of the previous
operation: \`?operations=crop:400x300,swap-channels:bgr,format:webp\`, or as JSON
\`[{"name":"crop","width":400,"height":300},{"name":"swap-channels"},{"name":"format","type":"webp"}]\`. In the text form
below, \`<required>\` and \`[optional]\` parts are in brackets. The default is \`swap-channels:bgr\`.

Animations stay animated if the format supports it; [compatibility.md](compatibility.md) lists how all other features are
handled. \`GET /operations\` returns this list with JSON schemas. \`npm run docs\` generates this page.

${operationNames.map(section).join('\n')}`
}

function section(name: OperationName): string {
  const { example, form, summary } = operationTable[name]
  return `## ${name}

${summary}.

As text: \`${form}\`${also(aliasesOf(name))}

| before | \`${example}\` |
|---|---|
| ![before](operations/before.webp) | ![after](operations/${name}.webp) |

As JSON: \`${formatOperations(parseOperations(example)).slice(1, -1)}\`

${argumentsTable(name)}`
}

function also(words: readonly string[]): string {
  return words.length > 0 ? `, also: ${words.map(word => `\`${word}\``).join(' ')}` : ''
}

interface ArgumentSchema {
  type?: string
  enum?: string[]
  minimum?: number
  maximum?: number
  default?: unknown
  description?: string
}

function argumentsTable(name: OperationName): string {
  const { properties, required } = operationSchema(name) as unknown as {
    properties: Record<string, ArgumentSchema>
    required: string[]
  }
  const { name: _name, ...given } = properties
  const rows = Object.entries(given).map(([argument, schema]) => {
    const missing = required.includes(argument) ? 'required' : ''
    const preset = schema.default === undefined ? missing : `\`${schema.default}\``
    return `| \`${argument}\` | ${rangeOf(schema)} | ${preset} | ${schema.description ?? ''} |\n`
  })
  return rows.length > 0 ? `| argument | values | default | |\n|---|---|---|---|\n${rows.join('')}` : ''
}

function rangeOf({ enum: words, type, minimum, maximum }: ArgumentSchema): string {
  if (words) return words.map(word => `\`${word}\``).join(' ') + also(words.flatMap(aliasesOf))
  return minimum === undefined ? (type ?? '') : `${type}, ${minimum} to ${maximum}`
}
