import { useSignal } from '@preact/signals'
import { isHeld } from '../upload/queue.ts'
import { operations } from './operations.ts'
import { presets } from './presets.ts'
import {
  addStep,
  maxSteps,
  recipes,
  removeRecipe,
  saveRecipe,
  setSteps,
  steps,
  takeOperations,
  useRecipe,
} from './recipe.ts'
import { StepEditor } from './step-editor.tsx'
import { TryPanel } from './try-panel.tsx'

/** The recipe: a list of steps that the user builds, saves and tries. */
export function RecipePanel() {
  const list = steps.value
  return (
    <section class="panel recipe" aria-labelledby="recipe-title">
      <h2 id="recipe-title">Recipe</h2>
      <p class="hint">These steps are applied, from top to bottom, to every image that you add.</p>
      {list.length === 0 ? (
        <p class="empty-steps">No step yet. Without one, red and blue change places.</p>
      ) : (
        <ol class="steps">
          {list.map((step, at) => (
            <StepEditor key={step.key} step={step} at={at} count={list.length} />
          ))}
        </ol>
      )}
      <AddStep />
      <SavedRecipes />
      <label class="check">
        <input
          type="checkbox"
          checked={isHeld.value}
          onChange={event => (isHeld.value = event.currentTarget.checked)}
        />
        Collect first, send when I say so
      </label>
      <TryPanel />
    </section>
  )
}

function AddStep() {
  const isFull = steps.value.length >= maxSteps
  const add = (select: HTMLSelectElement) => {
    const form = operations.value.find(({ name }) => name === select.value)
    if (form) addStep(form.name, form.begin)
    select.value = ''
  }
  return (
    <div class="field">
      <label for="add-step">Add a step</label>
      <select
        id="add-step"
        disabled={isFull || operations.value.length === 0}
        onChange={event => add(event.currentTarget)}
      >
        <option value="">{isFull ? `${maxSteps} steps are the most` : 'Choose…'}</option>
        {operations.value.map(({ name, summary }) => (
          <option key={name} value={name} title={summary}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}

function SavedRecipes() {
  const name = useSignal('')
  const names = Object.keys(recipes.value)
  const save = (event: Event) => {
    event.preventDefault()
    if (name.value.trim() === '') return
    saveRecipe(name.value.trim())
    name.value = ''
  }
  return (
    <details class="saved">
      <summary>Saved recipes{names.length > 0 && ` (${names.length})`}</summary>
      <Presets />
      {names.length > 0 && (
        <ul>
          {names.map(each => (
            <li key={each}>
              <button type="button" class="quiet grow" onClick={() => useRecipe(each)}>
                {each}
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={`Forget the recipe ${each}`}
                onClick={() => removeRecipe(each)}
              >
                Forget
              </button>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={save} class="inline">
        <label for="recipe-name">Save these steps as</label>
        <input
          id="recipe-name"
          required
          value={name.value}
          onInput={event => (name.value = event.currentTarget.value)}
        />
        <button type="submit">Save</button>
      </form>
      <button type="button" class="quiet" onClick={() => setSteps([])}>
        Remove all steps
      </button>
    </details>
  )
}

/** Lists of steps that the operators have made for everybody. */
function Presets() {
  const usable = (presets.value ?? []).filter(({ operations }) => operations !== undefined)
  if (usable.length === 0) return null
  return (
    <ul aria-label="Presets">
      {usable.map(({ name, operations = [] }) => (
        <li key={name}>
          <button type="button" class="quiet grow" onClick={() => takeOperations(operations)}>
            {name}
          </button>
        </li>
      ))}
    </ul>
  )
}
