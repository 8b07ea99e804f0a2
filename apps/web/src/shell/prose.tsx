/** Text of the API, in which words between backticks are code. */
export function Prose({ text }: { text: string }) {
  const parts = text.split('`')
  return (
    <>
      {parts.map((part, at) =>
        at % 2 === 1 ? (
          <code key={at} translate={false}>
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  )
}

/** The same where only plain text can be shown. */
export function withoutBackticks(text: string): string {
  return text.replaceAll('`', '')
}
