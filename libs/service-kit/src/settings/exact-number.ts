/**
 * Whether a double can represent a JSON number exactly: 0.10 and 1e3 keep their value when they are read and written, but
 * 9007199254740993, 1e400, 0.1234567890123456789 and -0 change.
 */
export function isExactNumber(text: string): boolean {
  const value = Number(text)
  return Number.isFinite(value) && !Object.is(value, -0) && decimalOf(text) === decimalOf(String(value))
}

/** The same text for equal numbers: sign, digits without zeros at the ends, exponent of ten. */
function decimalOf(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace(/^[-+]/, '').split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const scale = Number(exponent) - fraction.length + digits.length - significant.length
  return `${text.startsWith('-') ? '-' : ''}${significant}e${scale}`
}
