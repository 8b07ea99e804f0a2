export const latin1 = (text: string) => Buffer.from(text, 'latin1')
