import type { Operation } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { randomText } from '../images/row.ts'

/** One operation of a list, with its arguments. */
export interface Step {
  readonly key: string
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
}

/** A further result: its own steps, applied to the original. */
export interface VariantDraft {
  readonly key: string
  readonly name: string
  readonly steps: readonly Step[]
}

/** The request for images: a preset, or own steps and variants. */
export interface Recipe {
  readonly preset?: string | undefined
  /** Without a step the server applies its default, unless there are variants. */
  readonly steps: readonly Step[]
  readonly variants: readonly VariantDraft[]
}

/** A list of steps: that of the result, or of the variant with this key. */
export type StepPlace = string | undefined

type SavedSteps = readonly Omit<Step, 'key'>[]

export interface SavedRecipe {
  preset?: string | undefined
  steps: SavedSteps
  variants: readonly { name: string; steps: SavedSteps }[]
}

export const maxSteps = 10
export const maxVariants = 8
const lastKey = 'darkroom-recipe'
const savedKey = 'darkroom-recipes'
const firstRecipe: SavedRecipe = {
  steps: [{ name: 'swap-channels', values: { order: 'bgr' } }],
  variants: [],
}

/** The recipe for the images that are added next. */
export const recipe = signal<Recipe>(readSaved(readStored<SavedRecipe>(lastKey, firstRecipe)))
/** Recipes that were saved in this browser, by name. */
export const recipes = signal<Readonly<Record<string, SavedRecipe>>>(readStored(savedKey, {}))

export function change(next: Partial<Recipe>): void {
  recipe.value = { ...recipe.value, ...next }
  store(lastKey, toSave(recipe.value))
}

/** The id of the field that adds a step. */
export function addStepId(place: StepPlace): string {
  return `add-step-${place ?? 'result'}`
}

export function stepsAt(place: StepPlace): readonly Step[] {
  const { steps, variants } = recipe.value
  if (place === undefined) return steps
  return variants.find(({ key }) => key === place)?.steps ?? []
}

export function setSteps(place: StepPlace, steps: readonly Step[]): void {
  if (place === undefined) change({ steps })
  else changeVariant(place, { steps })
}

export function addStep(place: StepPlace, name: string, values: Step['values']): void {
  const steps = stepsAt(place)
  if (steps.length < maxSteps) setSteps(place, [...steps, { key: randomText(), name, values }])
}

export function changeStep(place: StepPlace, key: string, values: Step['values']): void {
  setSteps(
    place,
    stepsAt(place).map(step => (step.key === key ? { ...step, values } : step)),
  )
}

export function removeStep(place: StepPlace, key: string): void {
  setSteps(
    place,
    stepsAt(place).filter(step => step.key !== key),
  )
}

/** Moves a step up (-1) or down (1). */
export function moveStep(place: StepPlace, key: string, by: -1 | 1): void {
  const steps = stepsAt(place)
  const from = steps.findIndex(step => step.key === key)
  const moved = steps[from]
  const to = from + by
  if (!moved || to < 0 || to >= steps.length) return
  setSteps(place, steps.toSpliced(from, 1).toSpliced(to, 0, moved))
}

/** Adds a small variant under a name that is free. */
export function addVariant(): void {
  const { variants } = recipe.value
  if (variants.length >= maxVariants) return
  const taken = new Set(variants.map(({ name }) => name))
  let name = 'thumb'
  for (let number = 2; taken.has(name); number++) name = `thumb-${number}`
  const steps = withKeys([{ name: 'resize', values: { width: 200, height: 200 } }])
  change({ variants: [...variants, { key: randomText(), name, steps }] })
}

export function changeVariant(place: string, next: Partial<Omit<VariantDraft, 'key'>>): void {
  change({
    variants: recipe.value.variants.map(variant =>
      variant.key === place ? { ...variant, ...next } : variant,
    ),
  })
}

export function removeVariant(place: string): void {
  change({ variants: recipe.value.variants.filter(({ key }) => key !== place) })
}

export function saveRecipe(name: string): void {
  recipes.value = { ...recipes.value, [name]: toSave(recipe.value) }
  store(savedKey, recipes.value)
}

export function useRecipe(name: string): void {
  const saved = recipes.value[name]
  if (saved) change(readSaved(saved))
}

export function removeRecipe(name: string): void {
  const { [name]: _removed, ...rest } = recipes.value
  recipes.value = rest
  store(savedKey, rest)
}

/** The operations of a preset as steps. */
export function stepsOf(operations: readonly Operation[] = []): Step[] {
  return withKeys(operations.map(({ name, ...values }) => ({ name, values })))
}

/** The operations as JSON. Arguments without a value are left out. */
export function operationsOf(list: readonly Step[]): Operation[] {
  return list.map(({ name, values }) => ({ name, ...given(values) })) as Operation[]
}

function given(values: Step['values']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== undefined))
}

/** Former versions of the page saved the steps alone. */
function readSaved(saved: SavedRecipe | SavedSteps): Recipe {
  const { preset, steps, variants } = isSteps(saved) ? { ...firstRecipe, steps: saved } : saved
  return {
    preset,
    steps: withKeys(steps),
    variants: variants.map(variant => ({
      key: randomText(),
      name: variant.name,
      steps: withKeys(variant.steps),
    })),
  }
}

function isSteps(saved: SavedRecipe | SavedSteps): saved is SavedSteps {
  return Array.isArray(saved)
}

function toSave({ preset, steps, variants }: Recipe): SavedRecipe {
  return {
    preset,
    steps: withoutKeys(steps),
    variants: variants.map(variant => ({ name: variant.name, steps: withoutKeys(variant.steps) })),
  }
}

function withKeys(saved: SavedSteps): Step[] {
  return saved.map(step => ({ ...step, key: randomText() }))
}

function withoutKeys(list: readonly Step[]): SavedSteps {
  return list.map(({ name, values }) => ({ name, values }))
}

function readStored<Value>(key: string, otherwise: Value): Value {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? otherwise
  } catch {
    return otherwise
  }
}

function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Storage is full or disabled, so the recipe is lost when the page is closed.
  }
}
