import { Prose } from '../shell/prose.tsx'
import type { ArgumentSchema } from './operations.ts'

interface ArgumentFieldProps {
  id: string
  name: string
  schema: ArgumentSchema
  isRequired: boolean
  value: unknown
  onChange(value: unknown): void
}

/** The form field of an argument, according to its schema. */
export function ArgumentField({ id, name, schema, isRequired, value, onChange }: ArgumentFieldProps) {
  const hint = schema.description && `${id}-hint`
  const common = { id, 'aria-describedby': hint }
  return (
    <div class={schema.type === 'boolean' ? 'field check' : 'field'}>
      <label for={id}>{words(name)}</label>
      {schema.enum ? (
        <select
          {...common}
          value={String(value ?? '')}
          onChange={event => onChange(event.currentTarget.value)}
        >
          {!isRequired && schema.default === undefined && <option value="">unchanged</option>}
          {schema.enum.map(word => (
            <option key={word} value={word}>
              {word}
            </option>
          ))}
        </select>
      ) : schema.type === 'boolean' ? (
        <input
          {...common}
          type="checkbox"
          checked={value === true}
          onChange={event => onChange(event.currentTarget.checked || undefined)}
        />
      ) : schema.type === 'string' ? (
        <input
          {...common}
          type="text"
          spellcheck={false}
          required={isRequired}
          pattern={schema.pattern}
          value={String(value ?? '')}
          placeholder={isRequired ? '' : 'automatic'}
          onChange={event => onChange(event.currentTarget.value.replace(/^#/, '') || undefined)}
        />
      ) : (
        <input
          {...common}
          type="number"
          required={isRequired}
          min={schema.minimum}
          max={schema.maximum}
          step={schema.type === 'integer' ? 1 : 'any'}
          value={value === undefined ? '' : String(value)}
          placeholder={isRequired ? '' : 'automatic'}
          onChange={event => onChange(numberIn(event.currentTarget))}
        />
      )}
      {hint && (
        <p class="hint" id={hint}>
          <Prose text={schema.description ?? ''} />
        </p>
      )}
    </div>
  )
}

function numberIn({ value, valueAsNumber }: HTMLInputElement): number | undefined {
  return value === '' || Number.isNaN(valueAsNumber) ? undefined : valueAsNumber
}

function words(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
