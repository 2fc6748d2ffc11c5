// Three sites with their own names and courses, the provider's desk, and the make-up year.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESKTOP, login, look as lookAt, open, PHONE, start, until } from './harness.mjs'

let env, port
before(async () => { env = await start(); port = new URL(env.base).port })
after(async () => { await env?.stop() })
const staff = id => env.people.find(p => p.roles.includes(`provider_staff:${id}]`))
const site = id => `http://${id}.localhost:${port}`

async function enter(page, base, person, path) {
  await page.goto(base + '/login')
  await page.getByLabel('手机号或身份证号').fill(person.phone)
  await page.getByLabel('密码').fill(person.password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.waitForURL(base + path)
}

const look = async (page, name) => { await page.waitForLoadState('networkidle'); await lookAt(page, `provider_${name}`) }

test('each site has its name, filings and courses; the city portal has all', { timeout: 90_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  for (const [id, name, icp, courses] of [['jinyun', '晋云继续教育学院', '晋ICP备00000001号', 2], ['yanmen', '雁门职业培训中心', '晋ICP备00000002号', 2], ['wutai', '五台云课堂', '晋ICP备00000003号', 3]]) {
    await page.goto(site(id) + '/courses')
    await page.locator('.cards li').first().waitFor()
    assert.equal(await page.locator('.cards li').count(), courses, `${id} lists its own courses`)
    await page.locator('header .brand', { hasText: name }).waitFor()
    await page.locator('footer', { hasText: icp }).waitFor()
    await until(async () => (await page.title()) === `选课 · ${name}`)
    assert.equal(await page.getByLabel('机构').count(), 0, 'no other provider to choose')
    const other = await page.evaluate(async () => (await (await fetch('/api/public/courses?provider=yanmen')).json()).items.map(c => c.provider_id))
    assert.ok(other.every(p => p === id), `${id}'s server lists ${other}`)
    await look(page, `site_${id}`)
  }
  await page.goto(env.base + '/courses')
  await page.locator('.cards li').first().waitFor()
  assert.equal(await page.locator('.cards li').count(), 7)
  await page.locator('footer', { hasText: '晋ICP备00000000号' }).waitFor()
  assert.deepEqual(problems, [])
  await context.close()
})

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`a provider's desk, courses and learners, ${size}`, { timeout: 120_000 }, async () => {
    const { page, context, problems } = await open(env, viewport)
    await enter(page, site('jinyun'), staff('jinyun'), '/provider')
    await page.getByRole('heading', { name: '工作台' }).waitFor()
    await until(async () => { await page.reload(); await page.getByRole('heading', { name: '课程状态' }).waitFor(); return await page.getByText('数据更新到').count() })
    await look(page, `desk_${size}`)
    await page.getByRole('link', { name: /已上架/ }).click()
    await page.getByRole('link', { name: '人工智能与数字素养' }).waitFor()
    assert.equal(await page.locator('tbody tr').count(), 2, 'its own courses only')
    await look(page, `courses_${size}`)
    await page.getByLabel('状态').selectOption({ label: '草稿' })
    await page.getByText('没有这样的课程').waitFor()
    await page.getByLabel('状态').selectOption({ label: '全部状态' })
    await page.getByRole('link', { name: '人工智能与数字素养' }).click()
    await page.getByText('查看确认题').first().click()
    await page.getByText('正确答案').first().waitFor()
    await look(page, `course_${size}`)
    const captions = await page.evaluate(async () => (await fetch(document.querySelector('.facts a').href)).text())
    assert.match(captions, /^WEBVTT/)
    await page.getByRole('navigation').getByRole('link', { name: '学员列表' }).click()
    await page.locator('tbody tr').first().waitFor()
    for (const name of await page.locator('tbody th').allInnerTexts()) assert.match(name, /\*/, 'names are masked')
    await look(page, `learners_${size}`)
    const refused = await page.evaluate(async () => (await fetch('/api/provider/providers/yanmen/learners')).status)
    assert.equal(refused, 403)
    assert.deepEqual(problems, [])
    await context.close()
  })

  test(`the make-up year on the learner's pages, ${size}`, { timeout: 90_000 }, async () => {
    const { page, context, problems } = await open(env, viewport), year = new Date().getFullYear()
    await login(env, page, env.people[size === 'desktop' ? 3 : 4])
    await page.goto(env.base + '/courses/p02')
    await page.getByText(`学时计入 ${year - 1} 年度，截至`).waitFor()
    await look(page, `makeup_course_${size}`)
    await page.getByRole('button', { name: '报名学习' }).click()
    await page.waitForURL(/\/learn\/p02-1/)
    await page.goto(env.base + '/')
    await page.getByLabel('年度', { exact: true }).selectOption({ label: `${year - 1} 年度（补学）` })
    await page.getByText(`${year - 1} 年度还差`).waitFor()
    await page.getByRole('link', { name: '专业技术人员职业道德与诚信', exact: true }).waitFor()
    await look(page, `makeup_home_${size}`)
    await page.goto(env.base + `/archive?year=${year - 1}`)
    await page.getByRole('heading', { name: `学习档案 ${year - 1}` }).waitFor()
    await look(page, `makeup_archive_${size}`)
    assert.deepEqual(problems, [])
    await context.close()
  })
}

test('the operator changes a site', { timeout: 60_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, env.base, env.people.find(p => p.roles.includes('operator')), '/operator')
  await page.getByRole('link', { name: '机构站点' }).click()
  const box = page.getByRole('region', { name: /五台云课堂/ })
  await box.waitFor()
  await look(page, 'sites')
  const row = box.locator('form').nth(1)
  await row.getByLabel('客服电话').fill('400-000-0099')
  await row.getByLabel('依据或原因').fill('更换号码')
  await row.getByRole('button', { name: '保存' }).click()
  await row.getByText('已保存。').waitFor()
  await page.goto(site('wutai') + '/help')
  await page.locator('footer', { hasText: '400-000-0099' }).waitFor()
  assert.deepEqual(problems, [])
  await context.close()
})
