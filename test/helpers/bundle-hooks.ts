/** Hooks of the module loader, in its thread: what a file of a bundle imports as `tap`. */
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module'

/** Name of the global that holds the subtest of the file that is being imported. */
export const tapOfFile = 'tapOfFile'
const scheme = 'tap-of-file:'
let within: string

export const initialize: InitializeHook<{ readonly within: string }> = data => {
  within = data.within
}

export const resolve: ResolveHook = (specifier, context, next) => {
  const { parentURL } = context
  if (specifier !== 'tap' || !parentURL?.startsWith(within)) return next(specifier, context)
  return { url: scheme + parentURL, format: 'module', shortCircuit: true }
}

export const load: LoadHook = (url, context, next) => {
  if (!url.startsWith(scheme)) return next(url, context)
  return { format: 'module', source: `export default ${tapOfFile}`, shortCircuit: true }
}
