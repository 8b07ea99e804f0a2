import { useSignal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { announce } from '../shell/announce.ts'
import { notice } from '../shell/notice.ts'
import { passFocus } from '../shell/pass-focus.ts'
import { singleClick } from '../shell/single-click.ts'
import { change, recipes, removeRecipe, saveRecipe, useRecipe } from './recipe.ts'

/** Recipes that the user keeps in this browser. */
export function SavedRecipes() {
  const name = useSignal('')
  const names = Object.keys(recipes.value)
  const save = (event: SubmitEvent) => {
    event.preventDefault()
    if (name.value.trim() === '') return
    if (saveRecipe(name.value.trim())) announce(`${name.value.trim()} was saved`)
    else notice(notKept(name.value.trim()))
    name.value = ''
    // Otherwise the empty field would be marked as invalid.
    if (event.currentTarget instanceof HTMLFormElement) event.currentTarget.reset()
  }
  return (
    <details class="saved">
      <summary>Saved recipes{names.length > 0 ? ` (${names.length})` : ''}</summary>
      {names.length > 0 && (
        <ul role="list">
          {names.map(each => (
            <li key={each}>
              <button type="button" class="quiet grow" onClick={() => useRecipe(each)}>
                {each}
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={`Delete the recipe ${each}`}
                onClick={singleClick(event => {
                  passFocus(event, '#recipe-name')
                  removeRecipe(each)
                })}
              >
                Delete
              </button>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={save} class="inline">
        <label for="recipe-name">Save this recipe as</label>
        <input
          id="recipe-name"
          required
          value={name.value}
          onInput={event => (name.value = event.currentTarget.value)}
        />
        <button type="submit">{names.includes(name.value.trim()) ? 'Replace' : 'Save'}</button>
      </form>
      <button
        type="button"
        class="quiet"
        onClick={() => change({ preset: undefined, steps: [], variants: [] })}
      >
        Start over
      </button>
    </details>
  )
}

function notKept(name: string): Refusal {
  return new Refusal({
    status: 0,
    code: 'not-kept',
    message: `The recipe “${name}” is lost when this page is closed`,
    remedy: 'Allow this site to store data in the browser, or free its storage, then save the recipe again.',
  })
}
