import app from './app'
import publicTexts from './public'
import learner from './learner'
import player from './player'
import help from './help'
import gateway from './gateway'
import operator from './operator'
import unit from './unit'
import errors from './errors'

export default {
  ...app,
  ...publicTexts,
  ...learner,
  ...player,
  ...help,
  ...gateway,
  ...operator,
  ...unit,
  ...errors,
}
