import { randomText } from '../images/row.ts'
import { presets } from './presets.ts'
import { change, recipe, stepsOf } from './recipe.ts'
import { listsOf } from './upload-options.ts'

/**
 * Selects one of the operators' presets. Renders nothing if there are none. It has a place beside the heading: the presets
 * are read after the recipe is drawn, and must not move it.
 */
export function PresetChoice() {
  const { preset = '' } = recipe.value
  const names = (presets.value ?? []).map(({ name }) => name)
  const isGone = presets.value !== undefined && !names.includes(preset)
  if (preset !== '' && !names.includes(preset)) names.push(preset)
  if (names.length === 0) return null
  return (
    <select
      aria-label="Preset"
      value={preset}
      onChange={event => change({ preset: event.currentTarget.value || undefined })}
    >
      <option value="">My own steps</option>
      {names.map(name => (
        <option key={name} value={name}>
          {isGone && name === preset ? `${name} (deleted)` : name}
        </option>
      ))}
    </select>
  )
}

/** The steps of the chosen preset, and a button that copies them. */
export function PresetContent() {
  const isRead = presets.value !== undefined
  const { operations, variants = {} } = listsOf(recipe.value)
  const named = Object.entries(variants)
  if (isRead && !operations && named.length === 0)
    return <p class="refusal">An operator has deleted this preset. Choose another, or your own steps.</p>
  const copy = () =>
    change({
      preset: undefined,
      steps: stepsOf(operations),
      variants: named.map(([name, list]) => ({ key: randomText(), name, steps: stepsOf(list) })),
    })
  const words = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(', ')
  return (
    <>
      <dl class="facts preset">
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
      <button type="button" disabled={!isRead} onClick={copy}>
        Copy into my own steps
      </button>
    </>
  )
}
