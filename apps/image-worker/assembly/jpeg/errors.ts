/** The errors of a scan; 0 means none. src/permute/jpeg/jpeg-kernel.ts has the messages. */
export const unknownCode: i32 = 1
export const beyondBlock: i32 = 2
export const outOfRange: i32 = 3
export const endsTooEarly: i32 = 4
export const bytesLeft: i32 = 5
export const noRestart: i32 = 6
