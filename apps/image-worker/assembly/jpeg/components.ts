/**
 * Of each of up to three components: where its coefficients are, 64 of 16 bits a block in zigzag order, rows of
 * blocks from the top; how many blocks a row and a column have in whole units, and how many of these the image
 * needs; how many blocks across and down a unit has.
 */
const fieldBytes: usize = 4
const componentBytes: usize = 7 * fieldBytes
const components = memory.data(3 * 7 * 4, 4)

export const blockBytes: usize = 128

export function setComponent(
  component: i32,
  plane: i32,
  across: i32,
  down: i32,
  ownAcross: i32,
  ownDown: i32,
  unitAcross: i32,
  unitDown: i32,
): void {
  setField(component, 0, plane)
  setField(component, 1, across)
  setField(component, 2, down)
  setField(component, 3, ownAcross)
  setField(component, 4, ownDown)
  setField(component, 5, unitAcross)
  setField(component, 6, unitDown)
}

export function planeOf(component: i32): usize {
  return field(component, 0)
}
export function acrossOf(component: i32): i32 {
  return field(component, 1)
}
export function downOf(component: i32): i32 {
  return field(component, 2)
}
export function ownAcrossOf(component: i32): i32 {
  return field(component, 3)
}
export function ownDownOf(component: i32): i32 {
  return field(component, 4)
}
export function unitAcrossOf(component: i32): i32 {
  return field(component, 5)
}
export function unitDownOf(component: i32): i32 {
  return field(component, 6)
}

export function blockAt(component: i32, row: i32, column: i32): usize {
  return planeOf(component) + <usize>(row * acrossOf(component) + column) * blockBytes
}

function setField(component: i32, index: usize, value: i32): void {
  store<i32>(components + <usize>component * componentBytes + index * fieldBytes, value)
}

function field(component: i32, index: usize): i32 {
  return load<i32>(components + <usize>component * componentBytes + index * fieldBytes)
}
