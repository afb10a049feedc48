#!/usr/bin/env node
process.umask(0o077)
process.env.NODE_ENV ??= 'production'
const { execute } = await import('@oclif/core/execute')
await execute({ dir: import.meta.url })
