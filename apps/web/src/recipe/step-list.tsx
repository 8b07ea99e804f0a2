import { maxOperations } from '../images/previews.ts'
import { withoutBackticks } from '../shell/prose.tsx'
import { operations } from './operations.ts'
import { addStep, addStepId, type StepPlace, stepsAt } from './recipe.ts'
import { StepEditor } from './step-editor.tsx'

interface StepListProps {
  place?: StepPlace
  /** Shown while there is no step. */
  whenEmpty: string
  /** The label of the field that adds a step. */
  label: string
}

/** Steps that are applied from top to bottom, and a field that adds another. */
export function StepList({ place, whenEmpty, label }: StepListProps) {
  const steps = stepsAt(place)
  return (
    <>
      {steps.length === 0 ? (
        <p class="empty-steps">{whenEmpty}</p>
      ) : (
        <ol role="list" class="steps">
          {steps.map((step, at) => (
            <StepEditor key={step.key} place={place} step={step} at={at} count={steps.length} />
          ))}
        </ol>
      )}
      <AddStep place={place} label={label} isFull={steps.length >= maxOperations} />
    </>
  )
}

function AddStep({ place, label, isFull }: { place: StepPlace; label: string; isFull: boolean }) {
  const id = addStepId(place)
  const add = (select: HTMLSelectElement) => {
    const form = operations.value.find(({ name }) => name === select.value)
    if (form) addStep(place, form.name, form.begin)
    select.value = ''
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        disabled={isFull || operations.value.length === 0}
        onChange={event => add(event.currentTarget)}
      >
        <option value="">{isFull ? `At most ${maxOperations} steps` : 'Choose…'}</option>
        {operations.value.map(({ name, summary }) => (
          <option key={name} value={name} title={withoutBackticks(summary)}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}
