import { presets } from '../recipe/presets.ts'
import { filter, show } from './filter.ts'

/** Selects the preset whose images are shown. Renders nothing if there are no presets. */
export function PresetFilter() {
  const { preset = '', cursor: _, ...others } = filter.value
  const names = new Set((presets.value ?? []).map(({ name }) => name))
  if (preset !== '') names.add(preset)
  if (names.size === 0) return null
  return (
    <select
      aria-label="Images of a preset"
      value={preset}
      onChange={event => show({ ...others, preset: event.currentTarget.value || undefined })}
    >
      <option value="">All presets</option>
      {[...names].map(name => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}
