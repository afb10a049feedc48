/** `kv repair resume`. */
import { ExchangeSwitchCommand } from '../../cli/exchange-switch-command.ts'

export default class RepairResume extends ExchangeSwitchCommand {
  static override summary = 'start the continuous comparing of nodes again'
  static override examples = ['<%= config.bin %> repair resume --node n2']
  protected readonly pause = false
}
