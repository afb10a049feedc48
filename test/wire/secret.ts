import { randomBytes } from 'node:crypto'
import t from 'tap'
import {
  coreSecrets,
  keyInUse,
  newSecret,
  parseSecret,
  renderSecret,
  secretFileProblem,
  secretFileWarning,
} from '../../src/wire/secret.ts'

const random = (count: number) => randomBytes(count).toString('latin1')

t.test('a new secret holds three separate keys and survives its file', async t => {
  const secret = newSecret(random)
  const keys = [secret.network[0]!.key, secret.context[0]!.key, secret.digest.key]
  t.equal(new Set(keys).size, 3)
  for (const key of keys) t.equal(key.length, 32)
  const text = renderSecret(secret)
  t.same(parseSecret(text), secret)
  t.ok(text.endsWith('}\n'))
  t.match(JSON.parse(text).network[0].key, /^[0-9a-f]{64}$/)
})

t.test('core gets the context key in use first, whatever its place in the ring', async t => {
  const secret = newSecret(random)
  const [old] = secret.context
  const next = { id: 2, key: random(32), use: true }
  const rotated = { ...secret, context: [{ ...old!, use: false }, next] }
  t.same(parseSecret(renderSecret(rotated)), rotated)
  t.same(
    coreSecrets(rotated).context.map(key => key.id),
    [2, 1],
  )
  t.equal(coreSecrets(rotated).digest, secret.digest.key)
  t.equal(keyInUse(rotated.context), next)
  t.equal(keyInUse([]), undefined)
})

t.test('a damaged secret is refused with a line that shows nothing of it', async t => {
  const good = JSON.parse(renderSecret(newSecret(random)))
  const hex = good.network[0].key
  const ring = (...keys: readonly object[]) => ({ ...good, network: keys })
  const key = good.network[0]
  const bad: readonly unknown[] = [
    undefined,
    null,
    [],
    'x',
    {},
    { ...good, version: 2 },
    { ...good, network: undefined },
    { ...good, context: {} },
    { ...good, digest: [] },
    { ...good, digest: { id: 1, key: 'zz'.repeat(32) } },
    { ...good, digest: { id: 1.5, key: hex } },
    ring(),
    ring({ ...key, use: false }),
    ring(key, { ...key, id: 2 }),
    ring(key, { ...key, use: false }),
    ring({ ...key, use: 'yes' }),
    ring({ ...key, key: hex.slice(2) }),
    ring({ ...key, id: -1 }),
    ring({ ...key, id: 65_536 }),
    ring(...Array.from({ length: 17 }, (_, id) => ({ ...key, id, use: id === 0 }))),
  ]
  for (const file of bad) {
    const parsed = parseSecret(JSON.stringify(file) ?? '{')
    t.ok('problem' in parsed, JSON.stringify(file))
    if ('problem' in parsed) t.notOk(parsed.problem.includes(hex.slice(0, 8)))
  }
  const inherited = parseSecret('{"__proto__":{"version":1}}')
  t.ok('problem' in inherited)
})

t.test('the file of a secret belongs to its user and opens to nobody else', async t => {
  const mode = (bits: number) => secretFileProblem({ mode: 0o100000 | bits, uid: 7 }, 7)
  t.equal(mode(0o600), undefined)
  t.equal(mode(0o400), undefined)
  t.equal(mode(0o440), undefined, 'as some service managers hand it over')
  t.equal(mode(0o640), undefined)
  for (const bits of [0o604, 0o602, 0o601, 0o644]) t.match(mode(bits), /every user/)
  t.match(mode(0o620), /group can change/)
  t.match(mode(0o660), /group can change/)
  t.match(secretFileProblem({ mode: 0o600, uid: 8 }, 7), /another user/)
  t.equal(secretFileProblem({ mode: 0o666, uid: 0 }, undefined), undefined)
  t.match(secretFileWarning({ mode: 0o440, uid: 7 }, 7), /group can read/)
  t.equal(secretFileWarning({ mode: 0o600, uid: 7 }, 7), undefined)
  t.equal(secretFileWarning({ mode: 0o666, uid: 7 }, undefined), undefined)
})
