import { isStrategy, type Operation, type OperationNamed } from '@darkroom/contracts'
import type { Sharp } from 'sharp'
import type { Rectangle, Size } from '../../permute/rectangle.ts'
import {
  composeTurns,
  inverseOf,
  isTurned,
  noTurn,
  swapsAxes,
  type Turn,
  turnedRectangle,
  turnedSize,
} from '../../permute/turn.ts'
import { cropRectangle } from '../operations/crop.ts'
import { type Effect, effectPlaces } from '../operations/operation-kind.ts'
import { paddedSize, placeIn } from '../operations/pad.ts'
import { resizedSize, resizeOptions } from '../operations/resize.ts'
import { turnOf } from '../operations/turn-of.ts'
import { isOpaque } from '../raster/background.ts'
import { type CallParts, effectOf, writeParts } from './call-parts.ts'

/** The input of a call: an image as it is displayed, with 8 bits a sample. */
export interface Subject extends Size {
  isGrey: boolean
  hasAlpha: boolean
  /** Whether sharp turns the image upright in this call, which it does after the resizing. */
  isTurnedByCall: boolean
  /**
   * Whether a resizing may decode the image at a smaller size, which changes samples slightly. The resizing may then also
   * come before the image is turned upright.
   */
  mayShrinkOnLoad: boolean
}

/**
 * Operations that a single call to sharp does with the same result as a call for each. sharp has a fixed order:
 *
 *     cut, resize, turn, rotate or cut again, pad, then the effects in the order of `effectPlaces`
 *     turn, resize, cut again, pad, then the effects
 *
 * Turns and cuts only move samples, so they may change places with each other, and with effects that look at one pixel
 * only. All samples are rounded to 8 bits between two parts, as between two calls.
 */
export class Call {
  /** The size of the result; before a rotation by an angle that isn't a multiple of 90, which enlarges it. */
  readonly size: Size
  readonly #subject: Subject
  readonly #parts: CallParts

  constructor(
    subject: Subject,
    { width, height }: Size = subject,
    parts: CallParts = { turn: noTurn, isChecked: false, isBoxed: false, effects: [] },
  ) {
    this.size = { width, height }
    this.#subject = subject
    this.#parts = parts
  }

  /**
   * The call with one more operation; undefined when the operation needs another call. Throws as the operation would.
   */
  with(operation: Operation): Call | undefined {
    // sharp can't give grey with transparency as raw samples.
    if (this.#subject.isGrey && this.#subject.hasAlpha) return undefined
    const turn = turnOf(operation)
    if (turn) return this.#withTurn(turn)
    switch (operation.name) {
      case 'crop':
        return this.#withCrop(operation)
      case 'resize':
        return this.#withResize(operation)
      case 'rotate':
        return this.#withRotation(operation.angle)
      case 'pad':
        return this.#withPadding(operation)
      default:
        return this.#withEffect(operation)
    }
  }

  /** Whether the result is grey. */
  get makesGrey(): boolean {
    return this.#subject.isGrey || this.#has('greyscale')
  }

  /** The part that is cut out of the original before everything else. Whatever lies outside may not even be decoded. */
  get cut(): Rectangle | undefined {
    return this.#parts.cut
  }

  /** Whether a part is cut out after the resizing. */
  get isCutAgain(): boolean {
    return this.#parts.cutAgain !== undefined
  }

  /** How many times smaller the original becomes by the resizing, across or down, whichever is less; 1 without one. */
  get reduction(): number {
    const { cut, turnBefore, resized } = this.#parts
    if (!resized || cut || turnBefore) return 1
    return Math.min(this.#subject.width / resized.width, this.#subject.height / resized.height)
  }

  /** The same call for a part of the original that contains the cut. */
  within({ left, top }: Rectangle): Call {
    const { cut } = this.#parts
    return cut ? this.#changed({ cut: { ...cut, left: cut.left - left, top: cut.top - top } }) : this
  }

  /** The same call for an original whose data are known to be undamaged. */
  get checked(): Call {
    return this.#changed({ isChecked: true })
  }

  /** Whether samples only move and never change. */
  get movesOnly(): boolean {
    const { resize, rotation, padding, effects } = this.#parts
    return !resize && rotation === undefined && !padding && effects.length === 0
  }

  /**
   * The size of the result that sharp returned with this information: for an image that is cut after the resizing, sharp
   * gives the size of the cut, without the padding.
   */
  returnedSize({ width, height }: Size): Size {
    return this.#parts.cutAgain && this.#parts.padding ? this.size : { width, height }
  }

  /** Configures sharp for the call. */
  write(image: Sharp): Sharp {
    return writeParts(image, this.#parts)
  }

  #withCrop(operation: OperationNamed<'crop'>): Call | undefined {
    const { cut, resize, turn, rotation, cutAgain, padding } = this.#parts
    if (padding || rotation !== undefined || this.#has('blur') || this.#has('sharpen')) return undefined
    // The pixels that are cut off would affect how the others are stretched.
    if (this.#has('normalise')) return undefined
    if (isStrategy(operation.position)) return undefined
    const rectangle = cropRectangle(this.size, operation)
    if (resize) return this.#changed({ cutAgain: inside(cutAgain, rectangle) }, rectangle)
    const original = turnedRectangle(rectangle, this.size, inverseOf(turn))
    return this.#changed({ cut: inside(cut, original) }, rectangle)
  }

  #withTurn(next: Turn): Call | undefined {
    const { isBoxed, turnBefore, rotation, padding, resized, turn, cutAgain } = this.#parts
    if (isBoxed || turnBefore || rotation !== undefined || padding) return undefined
    if (this.#has('blur') || this.#has('sharpen')) return undefined
    const changes = {
      turn: composeTurns(turn, next),
      ...(cutAgain && resized && { cutAgain: turnedRectangle(cutAgain, turnedSize(resized, turn), next) }),
    }
    return this.#changed(changes, turnedSize(this.size, next))
  }

  #withResize(operation: OperationNamed<'resize'>): Call | undefined {
    const { cut, resize, turn, rotation, padding, effects } = this.#parts
    if (resize || rotation !== undefined || padding || effects.length > 0) return undefined
    const { hasAlpha, isTurnedByCall, mayShrinkOnLoad } = this.#subject
    const isBoxed = operation.fit === 'cover' || operation.fit === 'contain'
    // A cut makes sharp turn the image upright first.
    const isTurnedLater = isTurned(turn) || (isTurnedByCall && !cut)
    const isTurnedBefore = isTurned(turn) && !mayShrinkOnLoad && !cut
    if (isTurnedLater && !isTurnedBefore && (!mayShrinkOnLoad || (isBoxed && isTurned(turn))))
      return undefined
    const size = resizedSize(this.size, operation)
    const turnAfter = isTurnedBefore ? noTurn : turn
    const resized = turnedSize(size, turnAfter)
    const background = hasAlpha ? 'rgba(0, 0, 0, 0)' : '#ffffff'
    // Decoding at a smaller size shifts the shape by fractions of a pixel.
    const isReshaped = isTurned(turnAfter) || (mayShrinkOnLoad && !cut)
    const changes = {
      isBoxed,
      ...(isTurnedBefore && { turnBefore: turn }),
      turn: turnAfter,
      resized,
      resize:
        isReshaped && !isBoxed
          ? { ...resized, fit: 'fill' as const }
          : { ...resizeOptions(operation), background, fastShrinkOnLoad: mayShrinkOnLoad },
    }
    return this.#changed(changes, size)
  }

  /** Rotates by an angle that isn't a multiple of 90 and so uncovers corners. */
  #withRotation(angle: number): Call | undefined {
    const { isBoxed, turnBefore, turn, rotation, cutAgain, padding, effects } = this.#parts
    const isCutBefore = isBoxed || turnBefore || cutAgain || padding
    const isAlone = rotation === undefined && effects.length === 0
    // sharp has one rotation in a call.
    if (this.#subject.hasAlpha || isCutBefore || !isAlone || swapsAxes(turn)) return undefined
    return this.#changed({ rotation: angle })
  }

  /**
   * sharp fills with an opaque colour as it is, but converts a grey or transparent colour. After a rotation, the size is
   * not known here.
   */
  #withPadding(operation: OperationNamed<'pad'>): Call | undefined {
    const { isGrey, hasAlpha } = this.#subject
    const { padding, rotation, effects } = this.#parts
    const { background = 'ffffff' } = operation
    const isPlain = !isGrey && !hasAlpha && isOpaque(background)
    if (!isPlain || padding || rotation !== undefined || effects.length > 0) return undefined
    const padded = paddedSize(this.size, operation)
    const { left, top } = placeIn(padded, this.size, operation)
    const margins = {
      left,
      top,
      right: padded.width - this.size.width - left,
      bottom: padded.height - this.size.height - top,
    }
    return this.#changed({ padding: { ...margins, background: `#${background}` } }, padded)
  }

  #withEffect(operation: Operation): Call | undefined {
    const effect = effectOf(operation)
    if (!effect || !this.#mayCompute(effect)) return undefined
    const last = this.#parts.effects.at(-1)
    if (last && placeOf(last) >= effectPlaces.indexOf(effect.place)) return undefined
    return this.#changed({ effects: [...this.#parts.effects, operation] })
  }

  /**
   * If there is transparency, sharp multiplies the samples by it before a resizing and divides after the modulation,
   * while separate calls do so in each. Grey can't be tinted before it is made colour.
   */
  #mayCompute({ place }: Effect<never>): boolean {
    const { hasAlpha, isGrey } = this.#subject
    if (isGrey && place === 'tint') return false
    if (!hasAlpha) return true
    // sharp would count invisible pixels when it normalises or sharpens.
    if (place === 'greyscale' || place === 'normalise' || place === 'sharpen') return false
    const isMultiplied = this.#parts.resize !== undefined || this.#has('blur')
    return !(isMultiplied && (place === 'blur' || place === 'modulate'))
  }

  #has(place: Effect<never>['place']): boolean {
    return this.#parts.effects.some(operation => effectOf(operation)?.place === place)
  }

  #changed(changes: Partial<CallParts>, size: Size = this.size): Call {
    return new Call(this.#subject, size, { ...this.#parts, ...changes })
  }
}

function placeOf(operation: Operation): number {
  const effect = effectOf(operation)
  return effect ? effectPlaces.indexOf(effect.place) : -1
}

/** A rectangle inside the part that another rectangle cuts out. */
function inside(outer: Rectangle | undefined, inner: Rectangle): Rectangle {
  return { ...inner, left: (outer?.left ?? 0) + inner.left, top: (outer?.top ?? 0) + inner.top }
}
