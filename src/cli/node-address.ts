/** Addresses as they are typed: `host:port`, `[::1]:port`. */
import { CliError } from './cli-error.ts'

export type Address = { readonly host: string; readonly port: number }

/** Throws USAGE where one of them is none. */
export function seedsFrom(text: string): readonly Address[] {
  const parts = text.split(',').filter(part => part !== '')
  return parts.map(part => {
    const address = addressFrom(part.trim())
    if (address === undefined || address.port === 0) {
      throw new CliError('USAGE', `a seed is host:port, as in 127.0.0.1:4701, not "${part}"`)
    }
    return address
  })
}

/** Port 0: any. Throws USAGE. */
export function listenFrom(text: string | undefined): Address {
  if (text === undefined) return { host: '127.0.0.1', port: 0 }
  const address = addressFrom(text)
  if (address === undefined) {
    throw new CliError('USAGE', `--listen takes host:port, as in 127.0.0.1:4701, not "${text}"`)
  }
  return address
}

function addressFrom(text: string): Address | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3])
  return host !== undefined && port <= 65_535 ? { host, port } : undefined
}
