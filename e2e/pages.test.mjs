// Every route at desktop and phone size: shown, without console errors, without accessibility violations.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
const open_ = ['/login', '/register', '/reset', '/help', '/courses', '/courses/c01', '/nowhere'], own = ['/', '/courses', '/courses/c01', '/learn/l0103', '/archive', '/account']

async function look(page, route, name) {
  await page.goto(env.base + route)
  await page.locator('h1').first().waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/${name}${route.replaceAll('/', '_')}.png` })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${route} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${route}`)
}

for (const [name, size] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`public pages, ${name}`, async () => {
    const { context, page, problems } = await open(env, size)
    for (const route of open_) await look(page, route, name)
    assert.deepEqual(problems, [])
    await context.close()
  })
  test(`learner pages, ${name}`, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[0])
    for (const route of own) await look(page, route, name)
    await page.getByRole('link', { name: '继续学习' }).count()
    assert.deepEqual(problems, [])
    await context.close()
  })
}

test('large text and a page without login', async () => {
  const { context, page } = await open(env, PHONE)
  await page.goto(env.base + '/archive')
  await page.waitForURL(/\/login\?next=/)
  await page.getByRole('button', { name: '大字版' }).click()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.text), 'large')
  await login(env, page, env.people[0])
  await look(page, '/', 'large')
  await context.close()
})
