/** Random pieces of messages: ids, names, texts, counts. */
import fc from 'fast-check'
import { binaryOf } from '../../src/core/binary.ts'
import { keyOf, type NodeId, nodeIdOf } from '../../src/core/ids.ts'

export const tag = <Type extends string>(type: Type) => fc.constant<Type>(type)
export const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
export const binary = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength, size: 'max' }).map(bytes => binaryOf(bytes))
export const id = <Id extends string>(bytes: number) => binary(bytes, bytes).map(text => text as Id)
export const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300, size: 'max' }),
  fc.uint8Array({ minLength: 1000, maxLength: 1100, size: 'max' }),
)
export const uint48 = fc.oneof(
  fc.nat(200),
  fc.maxSafeNat().map(n => n % 2 ** 48),
  fc.constant(2 ** 48 - 1),
)
export const requestId = fc.maxSafeNat()
export const key = binary(1, 1024).map(text => keyOf(text)!)
export const node: fc.Arbitrary<NodeId> = fc
  .stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .map(text => nodeIdOf(text) ?? nodeIdOf('n1')!)
export const nodes = fc.array(node, { maxLength: 20 })
export const line = (maxLength: number) =>
  fc.string({ unit: 'binary-ascii', maxLength }).map(printable)
export const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '.')
export const small = fc.nat(1024)
