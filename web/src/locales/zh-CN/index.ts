import app from './app'
import publicTexts from './public'
import learner from './learner'
import player from './player'
import help from './help'
import bureau from './bureau'
import classroom from './classroom'
import gateway from './gateway'
import legal from './legal'
import making from './making'
import messages from './messages'
import operator from './operator'
import provider from './provider'
import unit from './unit'
import errors from './errors'

export default {
  ...app,
  ...publicTexts,
  ...learner,
  ...player,
  ...help,
  ...bureau,
  ...classroom,
  ...gateway,
  ...legal,
  ...making,
  ...messages,
  ...operator,
  ...provider,
  ...unit,
  ...errors,
}
