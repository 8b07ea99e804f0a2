const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const day = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const month = `(?<month>${months.join('|')})`
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`

/** The three formats that a recipient must accept: the current format, RFC 850's, and asctime()'s. */
const forms = [
  new RegExp(String.raw`^${day}, (?<day>\d\d) ${month} (?<year>\d{4}) ${time} GMT$`),
  new RegExp(String.raw`^${day}[a-z]*day, (?<day>\d\d)-${month}-(?<year>\d\d) ${time} GMT$`),
  new RegExp(String.raw`^${day} ${month} (?<day>[ \d]\d) ${time} (?<year>\d{4})$`),
]

/** An HTTP-date (RFC 9110, 5.6.7) in milliseconds since 1970; undefined for any other text. */
export function parseHttpDate(text: string, now = Date.now()): number | undefined {
  const parts = forms.map(form => form.exec(text)?.groups).find(groups => groups !== undefined)
  if (!parts) return undefined
  const { year = '', month = '', day, hour, minute, second } = parts
  const [days, hours, minutes, seconds] = [day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
  ]
  if (days < 1 || days > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined
  return Date.UTC(fullYear(year, now), months.indexOf(month), days, hours, minutes, seconds)
}

/** A year of two digits that seems more than 50 years ahead is in the past. */
function fullYear(year: string, now: number): number {
  if (year.length > 2) return Number(year)
  const thisYear = new Date(now).getUTCFullYear()
  const full = thisYear - (thisYear % 100) + Number(year)
  return full > thisYear + 50 ? full - 100 : full
}
