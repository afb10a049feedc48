/**
 * The native library behind the locks, loaded when the first lock is taken: where it has no binary
 * for this machine that is said in one line by whoever wants a lock, and is no death at an import.
 */
import { createRequire } from 'node:module'

/** An exclusive lock of the whole file; false: somebody else has it. Throws a system error. */
export type TryLock = (fd: number) => boolean

/** This machine cannot lock files. `message` is one line that says what to do. */
export class NoFileLocks extends Error {
  override readonly name = 'NoFileLocks'
  /** As of any file that the system cannot lock. */
  readonly code = 'ENOTSUP'
}

/** What a library has a binary for. */
type Machine = {
  readonly platform: string
  readonly arch: string
  /** Of Linux: the version of its glibc; undefined: it has another libc, musl. */
  readonly glibc: string | undefined
}

/** Throws NoFileLocks. */
export function loadTryLock(): TryLock {
  try {
    return require('fs-native-extensions').tryLock
  } catch (cause) {
    throw new NoFileLocks(withoutLibrary(thisMachine()), { cause })
  }
}

/** What to do on a machine without its binary. */
export function withoutLibrary({ platform, arch, glibc }: Machine): string {
  const isMusl = platform === 'linux' && glibc === undefined
  const libc = platform !== 'linux' ? '' : isMusl ? ' with musl' : ` with glibc ${glibc}`
  const todo = isMusl
    ? 'musl (Alpine) is not supported, run it on a Linux with glibc'
    : 'run npm ci on this machine'
  const name = 'fs-native-extensions'
  return `files cannot be locked, ${name} has no binary for ${platform}-${arch}${libc}: ${todo}`
}

const require = createRequire(import.meta.url)

function thisMachine(): Machine {
  const { platform, arch } = process
  const { header } = Object(process.report.getReport()) as {
    readonly header?: { readonly glibcVersionRuntime?: string }
  }
  return { platform, arch, glibc: header?.glibcVersionRuntime }
}
