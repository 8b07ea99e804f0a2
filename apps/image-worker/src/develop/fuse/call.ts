import { isStrategy, type Operation, type OperationNamed } from '@darkroom/contracts'
import type { ResizeOptions, Sharp } from 'sharp'
import {
  composeTurns,
  inverseOf,
  isTurned,
  noTurn,
  type Rectangle,
  swapsAxes,
  type Turn,
  turnedRectangle,
  turnedSize,
} from '../../permute/turn.ts'
import { isOpaque } from '../background.ts'
import { cropRectangle } from '../operations/crop.ts'
import { operationKinds } from '../operations/index.ts'
import { type Effect, effectPlaces, type Size } from '../operations/operation-kind.ts'
import { paddedSize, placeIn } from '../operations/pad.ts'
import { resizedSize, resizeOptions } from '../operations/resize.ts'
import { turnOf } from '../operations/turn-of.ts'

interface Padding {
  left: number
  top: number
  right: number
  bottom: number
  background: string
}

/** The input of a call: an image as it is displayed, with 8 bits a sample. */
export interface Subject extends Size {
  isGrey: boolean
  hasAlpha: boolean
  /** Whether sharp turns the image upright in this call, which it does after the resizing. */
  isTurnedByCall: boolean
  /**
   * Whether samples may differ by as much as decoding at a smaller size changes them. Then a resizing may use such
   * decoding, and may come before the image is turned upright.
   */
  mayShrinkOnLoad: boolean
}

/**
 * Operations that one call to sharp does with the same result as one call for each. sharp has a fixed order:
 *
 *     cut, resize, turn, rotate or cut again, pad, then the effects in the order of `effectPlaces`
 *     turn, resize, cut again, pad, then the effects
 *
 * Turns and cuts only move samples, so they may change places with each other, and with effects that look at one pixel
 * only. All samples are rounded to 8 bits between two parts, as between two calls.
 */
export class Call {
  readonly #subject: Subject
  #cut: Rectangle | undefined
  /** A turn that must come before the resizing: sharp then has no other turn in this call. */
  #turnBefore: Turn | undefined
  #resize: ResizeOptions | undefined
  /** Whether sharp may pad or cut the image that it resized, after the turn. */
  #isBoxed = false
  #turn: Turn = noTurn
  #rotation: number | undefined
  #cutAgain: Rectangle | undefined
  #padding: Padding | undefined
  #effects: readonly Operation[] = []
  #size: Size

  constructor(subject: Subject) {
    this.#subject = subject
    this.#size = subject
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

  /** The size of the result; before a rotation by an angle that isn't a multiple of 90, which enlarges it. */
  get size(): Size {
    return this.#size
  }

  /** The part that is cut out of the original before everything else. Whatever lies outside may not even be decoded. */
  get cut(): Rectangle | undefined {
    return this.#cut
  }

  /** How many times smaller the original becomes by the resizing, across or down, whichever is less; 1 without one. */
  get reduction(): number {
    if (!this.#resize || this.#cut || this.#turnBefore) return 1
    const { width, height } = this.#resized
    return Math.min(this.#subject.width / width, this.#subject.height / height)
  }

  /** The same call for a part of the original that contains the cut. */
  within(part: Rectangle): Call {
    const call = this.#copy({})
    if (this.#cut)
      call.#cut = { ...this.#cut, left: this.#cut.left - part.left, top: this.#cut.top - part.top }
    return call
  }

  /** Whether samples only move and never change. */
  get movesOnly(): boolean {
    return (
      this.#resize === undefined &&
      this.#rotation === undefined &&
      this.#padding === undefined &&
      this.#effects.length === 0
    )
  }

  /**
   * The size of the result that sharp returned with this information: for an image that is cut after the resizing, sharp
   * gives the size of the cut, without the padding.
   */
  returnedSize({ width, height }: Size): Size {
    return this.#cutAgain && this.#padding ? this.#size : { width, height }
  }

  /** Configures sharp for the call. */
  write(image: Sharp): Sharp {
    if (this.#cut) image.extract(this.#cut)
    if (this.#turnBefore) writeTurnBefore(image, this.#turnBefore)
    if (this.#resize) image.resize(this.#resize)
    if (!this.#turnBefore) this.#writeTurn(image)
    if (this.#rotation !== undefined) image.rotate(this.#rotation, { background: '#ffffff' })
    if (this.#cutAgain) image.extract(this.#cutAgain)
    if (this.#padding) image.extend(this.#padding)
    for (const operation of this.#effects) effectOf(operation)?.write(image, operation as never)
    return image
  }

  /**
   * sharp does a flip and a flop before a rotation, in whichever order they are requested. Before a flip or a rotation
   * it must request all rows of the resized image, because a cut afterwards would leave the original's last rows
   * undecoded.
   */
  #writeTurn(image: Sharp): void {
    const { mirrored, angle } = this.#turn
    const isUpsideDown = angle === 180
    const isCutLater = this.#isBoxed || this.#cutAgain !== undefined
    if (swapsAxes(this.#turn)) image.flop(mirrored).rotate(angle)
    else if (isCutLater && !isUpsideDown) image.flip().flop(!mirrored).rotate(180)
    else image.flip(isUpsideDown).flop(mirrored !== isUpsideDown)
  }

  #withCrop(operation: OperationNamed<'crop'>): Call | undefined {
    if (this.#padding || this.#rotation !== undefined || this.#has('blur') || this.#has('sharpen'))
      return undefined
    // The pixels that are cut off would affect how the others are stretched.
    if (this.#has('normalise')) return undefined
    if (isStrategy(operation.position)) return undefined
    const rectangle = cropRectangle(this.#size, operation)
    const call = this.#copy({ size: rectangle })
    if (this.#resize) {
      call.#cutAgain = inside(this.#cutAgain, rectangle)
    } else {
      const original = turnedRectangle(rectangle, this.#size, inverseOf(this.#turn))
      call.#cut = inside(this.#cut, original)
    }
    return call
  }

  #withTurn(turn: Turn): Call | undefined {
    if (this.#isBoxed || this.#turnBefore || this.#rotation !== undefined || this.#padding) return undefined
    if (this.#has('blur') || this.#has('sharpen')) return undefined
    const call = this.#copy({ size: turnedSize(this.#size, turn) })
    call.#turn = composeTurns(this.#turn, turn)
    if (this.#cutAgain) {
      const uncut = turnedSize(this.#resized, this.#turn)
      call.#cutAgain = turnedRectangle(this.#cutAgain, uncut, turn)
    }
    return call
  }

  #withResize(operation: OperationNamed<'resize'>): Call | undefined {
    if (this.#resize || this.#rotation !== undefined || this.#padding || this.#effects.length > 0)
      return undefined
    const { hasAlpha, isTurnedByCall, mayShrinkOnLoad } = this.#subject
    const isBoxed = operation.fit === 'cover' || operation.fit === 'contain'
    // A cut makes sharp turn the image upright first.
    const isTurnedLater = isTurned(this.#turn) || (isTurnedByCall && !this.#cut)
    const isTurnedBefore = isTurned(this.#turn) && !mayShrinkOnLoad && !this.#cut
    if (isTurnedLater && !isTurnedBefore && (!mayShrinkOnLoad || (isBoxed && isTurned(this.#turn))))
      return undefined
    const size = resizedSize(this.#size, operation)
    const call = this.#copy({ size })
    call.#isBoxed = isBoxed
    if (isTurnedBefore) {
      call.#turnBefore = this.#turn
      call.#turn = noTurn
    }
    call.#resized = turnedSize(size, call.#turn)
    const background = hasAlpha ? 'rgba(0, 0, 0, 0)' : '#ffffff'
    // Decoding at a smaller size shifts the shape by fractions of a pixel.
    const isReshaped = isTurned(call.#turn) || (mayShrinkOnLoad && !this.#cut)
    call.#resize =
      isReshaped && !isBoxed
        ? { ...call.#resized, fit: 'fill' }
        : { ...resizeOptions(operation), background, fastShrinkOnLoad: mayShrinkOnLoad }
    return call
  }

  /** Rotates by an angle that isn't a multiple of 90 and so uncovers corners. */
  #withRotation(angle: number): Call | undefined {
    const isCutBefore =
      this.#isBoxed ||
      this.#turnBefore !== undefined ||
      this.#cutAgain !== undefined ||
      this.#padding !== undefined
    const isAlone = this.#rotation === undefined && this.#effects.length === 0
    // sharp has one rotation in a call.
    if (this.#subject.hasAlpha || isCutBefore || !isAlone || swapsAxes(this.#turn)) return undefined
    const call = this.#copy({})
    call.#rotation = angle
    return call
  }

  /**
   * sharp uses opaque fill colours as they are, but computes grey and transparent ones. After a rotation, the size is
   * not known here.
   */
  #withPadding(operation: OperationNamed<'pad'>): Call | undefined {
    const { isGrey, hasAlpha } = this.#subject
    const { background = 'ffffff' } = operation
    const isPlain = !isGrey && !hasAlpha && isOpaque(background)
    if (!isPlain || this.#padding || this.#rotation !== undefined || this.#effects.length > 0)
      return undefined
    const padded = paddedSize(this.#size, operation)
    const { left, top } = placeIn(padded, this.#size, operation)
    const call = this.#copy({ size: padded })
    call.#padding = {
      left,
      top,
      right: padded.width - this.#size.width - left,
      bottom: padded.height - this.#size.height - top,
      background: `#${background}`,
    }
    return call
  }

  /** The size after the resizing, before the turn. */
  #resized: Size = { width: 0, height: 0 }

  #withEffect(operation: Operation): Call | undefined {
    const effect = effectOf(operation)
    if (!effect || !this.#mayColour(effect)) return undefined
    const last = this.#effects.at(-1)
    if (last && placeOf(last) >= effectPlaces.indexOf(effect.place)) return undefined
    return this.#copy({ effects: [...this.#effects, operation] })
  }

  /**
   * If there is transparency, sharp multiplies the samples by it before a resizing and divides after the sharpening,
   * while separate calls do so in each. Grey can't be tinted before it is made colour.
   */
  #mayColour({ place }: Effect<never>): boolean {
    const { hasAlpha, isGrey } = this.#subject
    if (isGrey && (place === 'tint' || place === 'greyscale')) return false
    if (!hasAlpha) return true
    if (place === 'greyscale') return false
    const isMultiplied = this.#resize !== undefined || this.#has('blur')
    const isBetween = place === 'blur' || place === 'modulate' || place === 'sharpen'
    const isAfterModulate = place === 'sharpen' && this.#has('modulate')
    return !(isBetween && isMultiplied) && !isAfterModulate
  }

  #has(place: Effect<never>['place']): boolean {
    return this.#effects.some(operation => effectOf(operation)?.place === place)
  }

  #copy({
    size = this.#size,
    effects = this.#effects,
  }: {
    size?: Size
    effects?: readonly Operation[]
  }): Call {
    const call = new Call(this.#subject)
    call.#cut = this.#cut
    call.#turnBefore = this.#turnBefore
    call.#resize = this.#resize
    call.#resized = this.#resized
    call.#isBoxed = this.#isBoxed
    call.#turn = this.#turn
    call.#rotation = this.#rotation
    call.#cutAgain = this.#cutAgain
    call.#padding = this.#padding
    call.#effects = effects
    call.#size = { width: size.width, height: size.height }
    return call
  }
}

/** sharp turns before it resizes if a rotation is requested first. It flips and flops before the rotation. */
function writeTurnBefore(image: Sharp, { mirrored, angle }: Turn): void {
  if (angle !== 0) image.flop(mirrored).rotate(angle)
  else image.flip(mirrored).rotate(180)
}

function effectOf({ name }: Operation): Effect<never> | undefined {
  const kind = operationKinds[name]
  return kind.changes === 'pixels' ? (kind.effect as Effect<never> | undefined) : undefined
}

function placeOf(operation: Operation): number {
  const effect = effectOf(operation)
  return effect ? effectPlaces.indexOf(effect.place) : -1
}

/** A rectangle inside the part that another rectangle cuts out. */
function inside(outer: Rectangle | undefined, inner: Rectangle): Rectangle {
  return { ...inner, left: (outer?.left ?? 0) + inner.left, top: (outer?.top ?? 0) + inner.top }
}
