// How much of the time the platform answered: the bureau reads it, the operator explains a pause and reports what no process can see.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESKTOP, enter, look as lookAt, lookTwice as lookTwiceAt, open, start } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const who = role => env.people.find(p => p.roles.includes(role))
const look = (page, name) => lookAt(page, `availability_${name}`), lookTwice = (page, name) => lookTwiceAt(page, `availability_${name}`)

const minutes = n => new Date(Date.UTC(2026, 10, 24, 2, n)).toISOString()
const response = { requests: 48213, failed: 3, mean_ms: 38, p50_ms: 21, p95_ms: 140, p99_ms: 420 }
/** A month as the server tells it after three weeks; a fresh server has nothing to tell yet. */
const month = {
  month: '2026-11', months: ['2026-11', '2026-10'], since: '2026-10-01T00:00:00Z', until: minutes(0), minutes: 34000, down: 12, share: 9996, goal: 9995,
  daily_limit_ms: 2000, peak_limit_ms: 5000, daily: response, peak: { at: '2026-11-20T12:00:00Z', ...response, requests: 2100, mean_ms: 61 },
  days: Array.from({ length: 24 }, (_, i) => ({ day: `2026-11-${String(i + 1).padStart(2, '0')}`, down: { 3: 3, 11: 9 }[i] ?? 0, ...response, peak: { at: `2026-11-${String(i + 1).padStart(2, '0')}T12:00:00Z`, ...response } })),
  incidents: [
    { id: 'b', kind: 'unready', from: '2026-11-12T01:00:00Z', to: '2026-11-12T01:09:00Z', down: 9, failed: 214, cause: '', remedy: '', noted_at: null },
    { id: 'a', kind: 'silent', from: '2026-11-04T18:00:00Z', to: '2026-11-04T18:03:00Z', down: 3, failed: 0, cause: '机房更换电源', remedy: '加装备用电源', noted_at: '2026-11-04T20:00:00Z' },
  ],
}
const tell = (page, body) => page.route('**/api/*/availability*', r => r.fulfill({ json: body }))

test('the bureau reads a month', { timeout: 120_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(env, page, who('bureau_staff:1409]'), '/bureau')
  await page.getByRole('link', { name: '可用性与响应时间' }).click()
  await page.getByRole('heading', { name: '中断记录' }).waitFor()
  await page.getByText('这个月没有中断。').waitFor()
  await lookTwice(page, 'fresh')
  await tell(page, month)
  await page.reload()
  await page.getByText('99.96').waitFor()
  await page.getByText('11月12日，不可用 9 分钟').waitFor({ state: 'attached' })
  await page.getByText('运营人员还没有说明原因。').waitFor()
  await lookTwice(page, 'month')
  await page.getByText('查看数据表').click()
  await lookTwice(page, 'table')
  await page.getByLabel('月份').selectOption('2026-10')
  await page.waitForURL(/month=2026-10/)
  await page.unroute('**/api/*/availability*')
  await page.route('**/api/*/availability*', r => r.abort())
  await page.reload()
  await page.getByRole('button', { name: '重试' }).waitFor()
  await look(page, 'offline')
  assert.deepEqual(problems.filter(p => !/ERR_FAILED/.test(p)), [])
  await context.close()
})

test('an operator explains, reports, and is told what cannot be', { timeout: 120_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(env, page, who('operator'), '/operator')
  await page.getByRole('link', { name: '可用性与响应时间' }).click()
  await page.getByRole('button', { name: '登记中断' }).click()
  await page.getByLabel('开始时间').fill('2026-11-01T08:00')
  await page.getByLabel('恢复时间').fill('2026-11-01T08:10')
  await page.getByLabel('原因', { exact: true }).fill('电信线路中断')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByText('开始时间早于平台开始统计的时间').waitFor() // the server began to count a moment ago
  await lookTwice(page, 'report')
  await page.keyboard.press('Escape')
  await tell(page, month)
  await page.reload()
  await page.getByRole('listitem').filter({ hasText: '机房更换电源' }).getByRole('button', { name: '修改说明' }).waitFor()
  await page.getByRole('button', { name: '说明原因' }).click()
  await page.getByLabel('原因', { exact: true }).fill('数据库主机断电')
  await page.getByLabel('处理', { exact: true }).fill('切换到备机')
  await lookTwice(page, 'explain')
  const [sent] = await Promise.all([page.waitForRequest(r => r.method() === 'PUT'), page.getByRole('button', { name: '保存' }).click()])
  assert.deepEqual(sent.postDataJSON(), { cause: '数据库主机断电', remedy: '切换到备机' })
  await page.getByText('没有找到这条中断记录').waitFor() // the month above is made up; the server is not
  assert.deepEqual(problems, [])
  await context.close()
})
