import { session } from '../session/session.ts'
import { isHeld } from '../upload/queue.ts'
import { PresetChoice, PresetContent } from './preset-choice.tsx'
import { recipe } from './recipe.ts'
import { SavedRecipes } from './saved-recipes.tsx'
import { StepList } from './step-list.tsx'
import { TryPanel } from './try-panel.tsx'
import { VariantsEditor } from './variants-editor.tsx'

/** The recipe: a preset, or steps and variants that the user builds, saves and tries. */
export function RecipePanel() {
  const { preset, variants } = recipe.value
  return (
    <section class="panel recipe" aria-labelledby="recipe-title">
      <div class="recipe-head">
        <h2 id="recipe-title">Recipe</h2>
        <PresetChoice />
      </div>
      <p class="hint">These steps are applied, from top to bottom, to every image that you add.</p>
      {preset === undefined ? (
        <>
          <StepList
            whenEmpty={
              variants.length > 0
                ? 'No step: only the variants are made.'
                : 'No step yet. Without one, red and blue are swapped.'
            }
            label="Add a step"
          />
          <VariantsEditor />
        </>
      ) : (
        <PresetContent />
      )}
      <SavedRecipes />
      <label class="check">
        <input
          type="checkbox"
          checked={isHeld.value}
          onChange={event => (isHeld.value = event.currentTarget.checked)}
        />
        Collect first, send when I say so
      </label>
      {/* Its pictures belong to the user who has signed out. */}
      <TryPanel key={String(session.value.state === 'signed-out')} />
    </section>
  )
}
