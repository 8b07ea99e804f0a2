export * from 'typebox'
export { Compile } from 'typebox/compile'
export { Value } from 'typebox/value'
