// The honest hour in a real browser, at its real length: enrol, watch both lessons, answer the check, see the hours.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const play = page => page.getByRole('button', { name: /^播放，从/ }).click()

/** Answers the check that is open, by its sequence form: the only one a test can solve by reading. */
async function answerCheck(page) {
  const ask = page.getByRole('dialog', { name: '学习确认' })
  await ask.waitFor({ timeout: 30_000 })
  assert.deepEqual(await axe(page), [])
  await until(async () => {
    if (await ask.locator('[data-kind=sequence]').count()) return true
    const before = await ask.locator('fieldset').first().getAttribute('data-kind')
    await ask.getByRole('button', { name: '换一种方式' }).click()
    await until(async () => (await ask.locator('fieldset').first().getAttribute('data-kind')) !== before, 5000)
    return false
  })
  const numbers = await ask.locator('.seq .num').allInnerTexts()
  for (const n of [...numbers].sort((a, b) => a - b)) await ask.getByRole('button', { name: n, exact: true }).click()
  await ask.getByRole('button', { name: '确认', exact: true }).click()
  await ask.waitFor({ state: 'detached' })
}

async function wholeCourse(size, person, options) {
  const { page, context, problems } = await open(env, size, options)
  await login(env, page, person)
  await page.goto(env.base + '/courses/c03')
  await page.getByRole('button', { name: '报名学习' }).click()
  await page.waitForURL(/\/learn\/l0301/)
  for (const lesson of ['l0301', 'l0302']) {
    await page.goto(`${env.base}/learn/${lesson}`)
    await play(page)
    await page.locator('.end, dialog.ask').first().waitFor({ timeout: 250_000 })
  }
  await answerCheck(page)
  await page.goto(env.base + '/archive')
  await page.getByText('GX-2026-03 依法履职与公共服务').waitFor()
  assert.deepEqual(await axe(page), [])
  await page.goto(env.base + '/learn/l0302')
  await page.locator('.track .check').waitFor() // the passed check stands on the ruler
  assert.deepEqual(problems, [])
  await context.close()
}

test('the whole course on PC and phone: watch, check, hours, archive', { timeout: 600_000 }, async () => {
  await Promise.all([
    wholeCourse(DESKTOP, env.people[2]),
    wholeCourse(PHONE, env.people[3], { isMobile: true, hasTouch: true }),
  ])
})
