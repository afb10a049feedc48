/**
 * The environment of a process of ours that outlives whoever started it, or that they know nothing
 * of. It is chosen, not inherited: what a shell sets for its own programs (NODE_OPTIONS with a
 * relative path, DEBUG, NODE_V8_COVERAGE, FORCE_COLOR) would break the process or fill its log,
 * and a secret in KV_SECRET is for the command that it was given to.
 */

/** What of the caller's environment a child gets. */
export function childEnvironment(
  from: Readonly<NodeJS.ProcessEnv> = process.env,
): NodeJS.ProcessEnv {
  // Node gives every child its own NODE_V8_COVERAGE, unless that is said to be nothing.
  const env: NodeJS.ProcessEnv = { NODE_ENV: 'production', NODE_V8_COVERAGE: undefined }
  for (const [name, value] of Object.entries(from)) if (allowed.test(name)) env[name] = value
  const resolver = pnpOptions(from['NODE_OPTIONS'] ?? '')
  return resolver === '' ? env : { ...env, NODE_OPTIONS: resolver }
}

/** Under Yarn PnP nothing is found without its resolver: of NODE_OPTIONS that stays. */
function pnpOptions(options: string): string {
  const words = options.match(/--?[\w-]+[= ](?:"[^"]*"|[^\s"-][^\s"]*)/g) ?? []
  return words.filter(word => /[/\\]\.pnp\.(c?js|loader\.mjs)"?$/.test(word)).join(' ')
}

/**
 * Who and where the user is, the locale, how programs, libraries and temporary files are found,
 * and what tunes memory and threads. The last line is what Windows cannot start a program without.
 */
const allowed = new RegExp(
  [
    '^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TZDIR|TMPDIR|TMP|TEMP',
    'LD_LIBRARY_PATH|DYLD_(FALLBACK_)?LIBRARY_PATH|NODE_ICU_DATA|UV_THREADPOOL_SIZE|MALLOC_[A-Z_]+|GLIBC_TUNABLES',
    'SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|Path)$',
  ].join('|'),
)
