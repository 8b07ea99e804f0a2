import { randomText } from '../images/row.ts'
import { presets } from './presets.ts'
import { change, recipe, stepsOf } from './recipe.ts'
import { listsOf } from './wish.ts'

/** The choice of a preset of the operators. Renders nothing if there are none. */
export function PresetChoice() {
  const { preset = '' } = recipe.value
  const known = presets.value ?? []
  if (known.length === 0 && preset === '') return null
  const isGone = preset !== '' && presets.value !== undefined && !known.some(({ name }) => name === preset)
  return (
    <div class="field">
      <label for="preset">Preset</label>
      <select
        id="preset"
        value={preset}
        onChange={event => change({ preset: event.currentTarget.value || undefined })}
      >
        <option value="">None: my own steps</option>
        {known.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
        {isGone && <option value={preset}>{preset} (deleted)</option>}
      </select>
      {preset !== '' && <PresetContent />}
    </div>
  )
}

/** What the chosen preset does, and a way to begin with it. */
function PresetContent() {
  presets.value // drawn again when they are read
  const { operations, variants = {} } = listsOf(recipe.value)
  const named = Object.entries(variants)
  const copy = () =>
    change({
      preset: undefined,
      steps: stepsOf(operations),
      variants: named.map(([name, list]) => ({ key: randomText(), name, steps: stepsOf(list) })),
    })
  const words = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(', ')
  return (
    <>
      <dl class="facts">
        {operations && (
          <>
            <dt>Result</dt>
            <dd>{words(operations)}</dd>
          </>
        )}
        {named.map(([name, list]) => (
          <>
            <dt>{name}</dt>
            <dd>{words(list)}</dd>
          </>
        ))}
      </dl>
      <button type="button" onClick={copy}>
        Copy into my own steps
      </button>
    </>
  )
}
