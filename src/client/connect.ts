/** How a program comes to a client: a cluster's name, its directory, or addresses and a secret. */
import { timeoutFrom } from './arguments.ts'
import { Client } from './client.ts'
import {
  addressesOf,
  clusterDirectory,
  listClusters,
  type Reach,
  reachDirectory,
  readCredential,
} from './cluster-directory.ts'
import { refusal } from './errors.ts'
import { SessionHost } from './session-host.ts'

export type ConnectOptions = {
  /** A name, a directory, or `host:port,...`; `KV_CLUSTER` where neither this nor seeds is given. */
  readonly cluster?: string
  /** Addresses of some nodes, `host:port` each; the others are found through them. */
  readonly seeds?: readonly string[]
  /** The path of a `secret.json`; else `KV_CREDENTIAL`, else the one in the cluster's directory. */
  readonly credential?: string
  /** Deadline of connecting, and of every call that brings none: 5,000 ms. */
  readonly timeoutMs?: number
  /** Calls in flight at most: 1,024; one more fails as BUSY at once. */
  readonly maxInFlight?: number
  /** Of a person's tool: takes one of the places that each node keeps for operators. */
  readonly operator?: boolean
}

/**
 * Connects, and resolves when a node has proved that it belongs to the cluster and has told its
 * members. Throws KvError: UNREACHABLE, DENIED, NOT_FOUND, CLUSTER_CONFLICT, USAGE, TIMEOUT.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const timeoutMs = timeoutFrom(options.timeoutMs ?? timeoutMsDefault)
  const reach = await reachOf(options)
  const maxInFlight = maxInFlightFrom(options.maxInFlight ?? maxInFlightDefault)
  const host = new SessionHost(reach, maxInFlight, options.operator === true)
  try {
    await host.call({ type: 'view' }, timeoutMs, undefined, undefined)
    return new Client(reach.cluster, host, timeoutMs)
  } catch (problem) {
    await host.close()
    throw problem
  }
}

async function reachOf(options: ConnectOptions): Promise<Reach> {
  const { seeds } = options
  const cluster = options.cluster ?? process.env['KV_CLUSTER']
  if (seeds !== undefined) return reachSeeds(seeds.join(','), options.credential)
  if (cluster !== undefined && addressesOf(cluster) !== undefined) {
    return reachSeeds(cluster, options.credential)
  }
  const directory = cluster ? clusterDirectory(cluster) : await onlyCluster()
  // A cluster that is named has its own secret: one lying in the environment is for another.
  const isNamed = options.cluster !== undefined
  return reachDirectory(directory, options.credential ?? (isNamed ? undefined : environmental()))
}

function environmental(): string | undefined {
  return process.env['KV_CREDENTIAL'] || undefined
}

async function reachSeeds(text: string, given: string | undefined): Promise<Reach> {
  const credential = given ?? environmental()
  const seeds = addressesOf(text)
  if (seeds === undefined) throw refusal('USAGE', 'a seed is host:port, as in 127.0.0.1:4701')
  if (credential === undefined) {
    throw refusal(
      'DENIED',
      'addresses need a credential: the path of the secret.json of the cluster',
    )
  }
  return { cluster: text, id: undefined, seeds, secret: await readCredential(credential) }
}

/** Nothing was named: the only cluster there is. */
async function onlyCluster(): Promise<string> {
  const names = await listClusters()
  const [name] = names
  if (name === undefined)
    throw refusal('UNREACHABLE', 'there is no cluster: kv cluster up makes one')
  if (names.length === 1) return clusterDirectory(name)
  throw refusal('USAGE', `which cluster? ${names.join(', ')}: name one, or set KV_CLUSTER`)
}

function maxInFlightFrom(count: number): number {
  if (Number.isInteger(count) && count >= 1) return count
  throw refusal('USAGE', 'maxInFlight is a whole number from 1')
}

const timeoutMsDefault = 5000
const maxInFlightDefault = 1024
