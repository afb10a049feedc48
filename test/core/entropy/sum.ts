import fc from 'fast-check'
import t from 'tap'
import {
  addItem,
  addSum,
  binaryOfSum,
  countAt,
  isSameSum,
  shortAt,
  shortOf,
  sumWords,
  takeItem,
  takeSum,
} from '../../../src/core/entropy/sum.ts'
import { binary } from '../../helpers/arbitraries.ts'

const digests = fc.array(fc.oneof(binary(8, 8), fc.constant('\xff'.repeat(8)), fc.constant('')))
const wide = (text: string) =>
  [...text].reduce((sum, char) => sum * 256n + BigInt(char.charCodeAt(0)), 0n)

t.test('both halves of a sum are those of whole numbers modulo 2^32', async () => {
  fc.assert(
    fc.property(digests, digests, fc.nat(), (added, taken, salt) => {
      const sums = new Uint32Array(2 * sumWords)
      for (const digest of added) addItem(sums, sumWords, digest)
      for (const digest of taken) addItem(sums, 0, digest)
      for (const digest of taken) takeItem(sums, sumWords, digest)
      const half = (from: number) => {
        const exact = [
          ...added.map(digest => wide(digest.slice(from, from + 4))),
          ...taken.map(digest => -wide(digest.slice(from, from + 4))),
        ]
        return BigInt.asUintN(
          32,
          exact.reduce((a, b) => a + b, 0n),
        )
      }
      const own = sums.slice(sumWords)
      if (wide(binaryOfSum(own)) !== (half(0) << 32n) + half(4)) return false
      const short = BigInt.asUintN(32, half(4) + BigInt(salt) * half(0))
      if (BigInt(shortAt(sums, sumWords, salt)) !== short) return false
      addSum(sums, sumWords, sums, 0)
      const all = new Uint32Array(sumWords)
      for (const digest of added) addItem(all, 0, digest)
      if (!isSameSum(all, sums.slice(sumWords))) return false
      takeSum(sums, sumWords, sums, 0)
      return isSameSum(own, sums.slice(sumWords))
    }),
  )
})

t.test('short forms add up, as sums do', async () => {
  fc.assert(
    fc.property(fc.array(binary(8, 8)), fc.nat(), (items, salt) => {
      const sums = new Uint32Array(sumWords)
      let short = 0
      for (const item of items) {
        addItem(sums, 0, item)
        short = (short + shortOf(item, salt)) >>> 0
      }
      return shortAt(sums, 0, salt) === short && countAt(sums, 0) === items.length
    }),
  )
})
