import { announce } from '../shell/announce.ts'
import { Icon } from '../shell/icon.tsx'
import { passFocus } from '../shell/pass-focus.ts'
import { Prose } from '../shell/prose.tsx'
import { singleClick } from '../shell/single-click.ts'
import { ArgumentField } from './argument-field.tsx'
import { operations } from './operations.ts'
import { addStepId, changeStep, moveStep, removeStep, type Step, type StepPlace } from './recipe.ts'

interface StepEditorProps {
  place: StepPlace
  step: Step
  at: number
  count: number
}

/** One step of a list: its arguments, and buttons that move or remove it. */
export function StepEditor({ place, step, at, count }: StepEditorProps) {
  const { key, name, values } = step
  const form = operations.value.find(each => each.name === name)
  const isFirst = at === 0
  const isLast = at === count - 1
  const move = (by: -1 | 1) => {
    if (by < 0 ? isFirst : isLast) return
    moveStep(place, key, by)
    announce(`${name} is now step ${at + 1 + by} of ${count}`)
  }
  return (
    <li class="step">
      <details>
        <summary>
          <span class="step-number">{at + 1}</span>
          <span class="step-words" translate={false}>
            <span class="step-name">{name}</span>
            <span class="step-values">{shortly(values)}</span>
          </span>
        </summary>
        <div class="step-fields">
          {form && (
            <p class="hint">
              <Prose text={form.summary} />.
            </p>
          )}
          {form?.arguments.map(([argument, schema]) => (
            <ArgumentField
              key={argument}
              id={`${key}-${argument}`}
              name={argument}
              schema={schema}
              isRequired={form.required.includes(argument)}
              value={values[argument]}
              onChange={value => changeStep(place, key, { ...values, [argument]: value })}
            />
          ))}
        </div>
      </details>
      <div class="step-buttons">
        {count > 1 && (
          <>
            {/* Not disabled, so that the focus stays here at the end of the list. */}
            <button
              type="button"
              class="icon"
              aria-disabled={isFirst}
              aria-label={`Move ${name} up`}
              onClick={() => move(-1)}
            >
              <Icon name="up" />
            </button>
            <button
              type="button"
              class="icon"
              aria-disabled={isLast}
              aria-label={`Move ${name} down`}
              onClick={() => move(1)}
            >
              <Icon name="down" />
            </button>
          </>
        )}
        <button
          type="button"
          class="icon"
          aria-label={`Remove ${name}`}
          onClick={singleClick(event => {
            passFocus(event, `#${addStepId(place)}`)
            removeStep(place, key)
          })}
        >
          <Icon name="cross" />
        </button>
      </div>
    </li>
  )
}

function shortly({ width, height, ...others }: Step['values']): string {
  const sides = width && height ? { size: `${width} × ${height}` } : { width, height }
  return Object.entries({ ...sides, ...others })
    .filter(([, value]) => value !== undefined && value !== '' && value !== false)
    .map(([name, value]) => (value === true ? name : String(value)))
    .join(' ')
}
