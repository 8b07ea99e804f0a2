import { readFile } from 'node:fs/promises'

export const avif = (name: string) => readFile(new URL(`../avif/${name}.avif`, import.meta.url))
export const linear = () => readFile(new URL('linear.png', import.meta.url))

/** Operations that need no conversion of the colours. */
export const geometric = ['swap-channels:bgr', 'flip', 'crop:9x9', 'rotate:90', 'resize:8x8']
