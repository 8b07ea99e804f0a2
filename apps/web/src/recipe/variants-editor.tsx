import { maxVariants } from '../images/previews.ts'
import { Icon } from '../shell/icon.tsx'
import { passFocus } from '../shell/pass-focus.ts'
import { singleClick } from '../shell/single-click.ts'
import { addVariant, recipe, removeVariant, renameVariant, type VariantDraft } from './recipe.ts'
import { StepList } from './step-list.tsx'

/** Further results of each image, such as a thumbnail. */
export function VariantsEditor() {
  const { variants } = recipe.value
  return (
    <div class="variants">
      {variants.map(variant => (
        <Variant key={variant.key} variant={variant} />
      ))}
      <button type="button" disabled={variants.length >= maxVariants} onClick={addVariant}>
        {variants.length >= maxVariants ? `At most ${maxVariants} variants` : 'Add a variant'}
      </button>
    </div>
  )
}

function Variant({ variant: { key, name } }: { variant: VariantDraft }) {
  const id = `variant-${key}`
  return (
    <fieldset class="variant">
      <legend class="visually-hidden">Variant {name}</legend>
      <div class="variant-head">
        <label for={id}>Variant</label>
        <input
          id={id}
          value={name}
          required
          spellcheck={false}
          pattern="[A-Za-z0-9][A-Za-z0-9_\-]{0,63}"
          title="Letters, digits, _ and -, the first a letter or a digit"
          onChange={event => renameVariant(key, event.currentTarget.value.trim())}
        />
        <button
          type="button"
          class="icon"
          aria-label={`Remove the variant ${name}`}
          onClick={singleClick(event => {
            passFocus(event, '.variants > button')
            removeVariant(key)
          })}
        >
          <Icon name="cross" />
        </button>
      </div>
      <StepList place={key} whenEmpty="A variant needs a step." label={`Add a step to ${name}`} />
    </fieldset>
  )
}
