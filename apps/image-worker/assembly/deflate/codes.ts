/**
 * The working memory of assignLengths: symbols by rising frequency, then the nodes of their tree, each with its parent.
 */
const mostSymbols = 286
const leaves: usize = memory.data(mostSymbols * 4, 4)
const weights: usize = memory.data(2 * mostSymbols * 4, 4)
const parents: usize = memory.data(2 * mostSymbols * 2, 4)
const depths: usize = memory.data(2 * mostSymbols * 2, 4)

/** The number of codes of each length. */
const codesOfLength: usize = memory.data(16 * 4, 4)

/**
 * Huffman's codes, limited to `limit` bits: the length of each symbol's code from its frequency, 0 for a symbol that is
 * not used. At least two symbols must be used, and frequencies must be less than 2^23.
 */
export function assignLengths(frequencies: usize, symbols: usize, limit: u32, lengths: usize): void {
  const used = sortSymbols(frequencies, symbols)
  growTree(used)
  countLengths(used, limit)
  limitLengths(limit)
  memory.fill(lengths, 0, symbols)
  let leaf = leaves
  for (let length = limit; length > 0; length--) {
    for (let left = load<u32>(codesOfLength + length * 4); left > 0; left--) {
      store<u8>(lengths + (load<u32>(leaf) & 0x1ff), length)
      leaf += 4
    }
  }
}

/** Lists the used symbols, rarest first, each below its frequency in one number. Returns their number. */
function sortSymbols(frequencies: usize, symbols: usize): usize {
  let used: usize = 0
  for (let symbol: usize = 0; symbol < symbols; symbol++) {
    const frequency = load<u32>(frequencies + symbol * 4)
    if (frequency === 0) continue
    store<u32>(leaves + used * 4, (frequency << 9) | <u32>symbol)
    used++
  }
  // Shell sort, with each gap about 4/9 of the previous.
  for (let gap: usize = 132; gap > 0; gap = (gap * 4) / 9) {
    for (let at = gap; at < used; at++) {
      const moved = load<u32>(leaves + at * 4)
      let to = at
      while (to >= gap && load<u32>(leaves + (to - gap) * 4) > moved) {
        store<u32>(leaves + to * 4, load<u32>(leaves + (to - gap) * 4))
        to -= gap
      }
      store<u32>(leaves + to * 4, moved)
    }
  }
  return used
}

/**
 * Joins the two rarest nodes until a single node is left. Leaves are sorted, and joined nodes are created in sorted order.
 */
function growTree(used: usize): void {
  for (let leaf: usize = 0; leaf < used; leaf++) {
    store<u32>(weights + leaf * 4, load<u32>(leaves + leaf * 4) >> 9)
  }
  let leaf: usize = 0
  let joined = used
  for (let node = used; node < 2 * used - 1; node++) {
    let weight: u32 = 0
    for (let child = 0; child < 2; child++) {
      const takesLeaf =
        leaf < used && (joined === node || load<u32>(weights + leaf * 4) <= load<u32>(weights + joined * 4))
      const rarest = takesLeaf ? leaf++ : joined++
      weight += load<u32>(weights + rarest * 4)
      store<u16>(parents + rarest * 2, <u32>node)
    }
    store<u32>(weights + node * 4, weight)
  }
}

function countLengths(used: usize, limit: u32): void {
  memory.fill(codesOfLength, 0, 16 * 4)
  let node: usize = 2 * used - 2
  store<u16>(depths + node * 2, 0)
  while (node-- > 0) {
    const depth = <u32>load<u16>(depths + <usize>load<u16>(parents + node * 2) * 2) + 1
    store<u16>(depths + node * 2, depth)
    if (node < used) addTo(min(depth, limit), 1)
  }
}

/**
 * Codes that were cut to the limit take more space than there is (Kraft's sum exceeds 1). For each excess, one of the
 * longest codes moves beside a shorter code, and both become one bit longer than the shorter code was.
 */
function limitLengths(limit: u32): void {
  let taken: u32 = 0
  for (let length: u32 = 1; length <= limit; length++) {
    taken += load<u32>(codesOfLength + length * 4) << (limit - length)
  }
  for (; taken > 1 << limit; taken--) {
    let shorter = limit - 1
    while (load<u32>(codesOfLength + shorter * 4) === 0) shorter--
    addTo(limit, -1)
    addTo(shorter, -1)
    addTo(shorter + 1, 2)
  }
}

function addTo(length: u32, difference: i32): void {
  const at = codesOfLength + length * 4
  store<i32>(at, load<i32>(at) + difference)
}

/**
 * The codes that follow from their lengths (RFC 1951, 3.2.2), first bit lowest, as they are written, and from bit 24 on
 * the number of bits.
 */
export function assignCodes(lengths: usize, symbols: usize, codes: usize): void {
  let code: u32 = 0
  for (let length: u32 = 1; length < 16; length++, code <<= 1) {
    for (let symbol: usize = 0; symbol < symbols; symbol++) {
      if (load<u8>(lengths + symbol) !== length) continue
      store<u32>(codes + symbol * 4, (reversed(code) >> (32 - length)) | (length << 24))
      code++
    }
  }
}

function reversed(code: u32): u32 {
  let bits = ((code >> 1) & 0x55555555) | ((code & 0x55555555) << 1)
  bits = ((bits >> 2) & 0x33333333) | ((bits & 0x33333333) << 2)
  bits = ((bits >> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4)
  return bswap<u32>(bits)
}
