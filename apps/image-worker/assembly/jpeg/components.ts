/** 64 coefficients of 16 bits, in zigzag order. */
export const blockBytes: usize = 128

const fieldBytes: usize = 4
const fields: usize = 9
const components = memory.data(4 * 9 * 4, 4)

/**
 * Describes a component (0 is luma): the address of its coefficients, which are rows of blocks from the top; the number
 * of blocks across and down in whole MCUs; how many of these the image needs; its sampling factors (T.81, A.1.1).
 */
export function setComponent(
  component: i32,
  plane: i32,
  across: i32,
  down: i32,
  ownAcross: i32,
  ownDown: i32,
  horizontal: i32,
  vertical: i32,
): void {
  setField(component, 0, plane)
  setField(component, 1, across)
  setField(component, 2, down)
  setField(component, 3, ownAcross)
  setField(component, 4, ownDown)
  setField(component, 5, horizontal)
  setField(component, 6, vertical)
}

/** Selects the tables that the next scan uses for a component. */
export function setTables(component: i32, dc: i32, ac: i32): void {
  setField(component, 7, dc)
  setField(component, 8, ac)
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
export function horizontalOf(component: i32): i32 {
  return field(component, 5)
}
export function verticalOf(component: i32): i32 {
  return field(component, 6)
}
export function dcTableOf(component: i32): i32 {
  return field(component, 7)
}
export function acTableOf(component: i32): i32 {
  return field(component, 8)
}

export function blockAt(component: i32, row: i32, column: i32): usize {
  return planeOf(component) + <usize>(row * acrossOf(component) + column) * blockBytes
}

function setField(component: i32, index: usize, value: i32): void {
  store<i32>(components + (<usize>component * fields + index) * fieldBytes, value)
}

function field(component: i32, index: usize): i32 {
  return load<i32>(components + (<usize>component * fields + index) * fieldBytes)
}
