/** oclif's help; of a command that does not exist it says what `kv` says of one that is typed. */
import { Help } from '@oclif/core/help'

export default class KvHelp extends Help {
  override async showHelp(argv: string[]): Promise<void> {
    try {
      await super.showHelp(argv)
    } catch (error) {
      const id = error instanceof Error ? notFound.exec(error.message)?.[1] : undefined
      if (id === undefined) throw error
      await this.config.runHook('command_not_found', { id, argv })
    }
  }
}

const notFound = /^Command ([\s\S]*) not found\.$/
