import type { Operation } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { maxOperations, maxVariants } from '../images/previews.ts'
import { randomText } from '../images/row.ts'
import { readStored, store } from '../shell/stored.ts'

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

interface SavedRecipe {
  preset?: string | undefined
  steps: SavedSteps
  variants: readonly { name: string; steps: SavedSteps }[]
}

const lastKey = 'darkroom-recipe'
const savedKey = 'darkroom-recipes'
const firstRecipe: Recipe = {
  steps: withKeys([{ name: 'swap-channels', values: { order: 'bgr' } }]),
  variants: [],
}

/** The recipe for the images that are added next. */
export const recipe = signal<Recipe>(readSaved(readStored(lastKey)) ?? firstRecipe)
/** Recipes that were saved in this browser, by name. */
export const recipes = signal<Readonly<Record<string, unknown>>>(readRecipes())

/** Each tab saves all recipes, so a change in another tab must arrive before this tab saves. */
addEventListener('storage', ({ key }) => {
  if (key === savedKey) recipes.value = readRecipes()
})

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

function setSteps(place: StepPlace, steps: readonly Step[]): void {
  if (place === undefined) change({ steps })
  else changeVariant(place, { steps })
}

export function addStep(place: StepPlace, name: string, values: Step['values']): void {
  const steps = stepsAt(place)
  if (steps.length < maxOperations) setSteps(place, [...steps, { key: randomText(), name, values }])
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

/** Moves a step up (-1) or down (1), if there is a step in that direction. */
export function moveStep(place: StepPlace, key: string, by: -1 | 1): void {
  const steps = stepsAt(place)
  const from = steps.findIndex(step => step.key === key)
  const moved = steps.filter(step => step.key === key)
  setSteps(place, steps.toSpliced(from, 1).toSpliced(from + by, 0, ...moved))
}

/** Adds a small variant under an unused name. */
export function addVariant(): void {
  const { variants } = recipe.value
  if (variants.length >= maxVariants) return
  const steps = withKeys([{ name: 'resize', values: { width: 200, height: 200 } }])
  change({ variants: [...variants, { key: randomText(), name: freeName('thumb'), steps }] })
}

/** Renames a variant. Adds a number if another variant has the name, because names of variants are unique. */
export function renameVariant(place: string, name: string): void {
  changeVariant(place, { name: freeName(name, place) })
}

function freeName(wanted: string, place?: string): string {
  const taken = new Set(recipe.value.variants.flatMap(({ key, name }) => (key === place ? [] : [name])))
  let name = wanted
  for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`
  return name
}

function changeVariant(place: string, next: Partial<Omit<VariantDraft, 'key'>>): void {
  change({
    variants: recipe.value.variants.map(variant =>
      variant.key === place ? { ...variant, ...next } : variant,
    ),
  })
}

export function removeVariant(place: string): void {
  change({ variants: recipe.value.variants.filter(({ key }) => key !== place) })
}

/** False if the recipe is lost when the page is closed. */
export function saveRecipe(name: string): boolean {
  return saveRecipes({ ...recipes.value, [name]: toSave(recipe.value) })
}

export function useRecipe(name: string): void {
  const saved = readSaved(recipes.value[name])
  if (saved) change(saved)
}

export function removeRecipe(name: string): void {
  const { [name]: _removed, ...rest } = recipes.value
  saveRecipes(rest)
}

function saveRecipes(next: Readonly<Record<string, unknown>>): boolean {
  recipes.value = next
  return store(savedKey, next)
}

function readRecipes(): Readonly<Record<string, unknown>> {
  const known = Object.entries(Object(readStored(savedKey)))
  return Object.fromEntries(known.filter(([, saved]) => readSaved(saved)))
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

/**
 * Undefined if it is not a recipe: another version of the page may have saved something else. Former versions saved the
 * steps alone.
 */
function readSaved(saved: unknown): Recipe | undefined {
  const {
    preset,
    steps,
    variants = [],
  }: Partial<SavedRecipe> = Array.isArray(saved) ? { steps: saved } : Object(saved)
  if (!isSteps(steps) || !Array.isArray(variants) || !variants.every(each => isSteps(each?.steps)))
    return undefined
  return {
    preset,
    steps: withKeys(steps),
    variants: variants.map(each => ({ ...each, key: randomText(), steps: withKeys(each.steps) })),
  }
}

function isSteps(list: unknown): list is SavedSteps {
  return Array.isArray(list) && list.every(step => typeof step?.name === 'string' && step.values)
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
