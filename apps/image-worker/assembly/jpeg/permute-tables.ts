/** Six tables of 64 numbers of 32 bits, in zigzag order: the factors that `permute.ts` multiplies coefficients by. */
export const factorsAt: usize = memory.data(6 * 64 * 4, 16)

/** The inverse of luma's quantisation table times the scale of the transform; transposed, not in zigzag order. */
export const divisorsAt: usize = memory.data(64 * 4, 16)

/** For each coefficient in zigzag order, its index in a transposed block. */
export const positionsAt: usize = memory.data(64)
