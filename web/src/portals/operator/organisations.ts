import { api, ask, type Schemas } from '../../api/client'

/** A form over one row: what is asked, what stands there, and where it goes. */
export interface Draft {
  /** Key of its title under organisations. */
  title: string
  fields: { key: string; max?: number; hint?: string; options?: { id: string; name: string }[] }[]
  values: Record<string, string>
  save: (v: Record<string, string>) => Promise<unknown>
}

type Region = Schemas['OrgRegion']
type Provider = Schemas['OrgProvider']
type Word = (key: string) => string

const text = (v: Record<string, string>, key: string) => v[key] ?? ''

/** A region to be renamed, or a new one below the city; the first of all is the city itself. */
export function regionDraft(regions: Region[], t: Word, r?: Region): Draft {
  if (r)
    return {
      title: 'changeRegion', fields: [{ key: 'name', max: 40 }], values: { name: r.name },
      save: v => ask(api.PUT('/api/operator/regions/{id}', { params: { path: { id: r.id } }, body: { name: text(v, 'name'), reason: text(v, 'reason') } })),
    }
  const city = regions.find(x => x.kind === 'city'),
    kinds = (city ? (['county', 'zone', 'direct'] as const) : (['city'] as const)).map(id => ({ id, name: t(`organisations.kind.${id}`) }))
  return {
    title: city ? 'addRegion' : 'addCity',
    fields: [{ key: 'id', max: 10, hint: 'regionId' }, { key: 'name', max: 40 }, { key: 'kind', options: kinds }],
    values: { id: '', name: '', kind: kinds[0]!.id },
    save: v =>
      ask(
        api.POST('/api/operator/regions', {
          body: { id: text(v, 'id'), name: text(v, 'name'), kind: v.kind as 'county', parent: city?.id ?? '', reason: text(v, 'reason') },
        }),
      ),
  }
}

/** A provider to be renamed or ended, or a new one. */
export function providerDraft(t: Word, p?: Provider): Draft {
  const names = [{ key: 'name', max: 60 }, { key: 'short_name', max: 12, hint: 'shortName' }]
  if (!p)
    return {
      title: 'addProvider', fields: [{ key: 'id', max: 20, hint: 'providerId' }, ...names], values: { id: '', name: '', short_name: '' },
      save: v =>
        ask(api.POST('/api/operator/providers', { body: { id: text(v, 'id'), name: text(v, 'name'), short_name: text(v, 'short_name'), reason: text(v, 'reason') } })),
    }
  const states = (['active', 'ended'] as const).map(id => ({ id, name: t(`organisations.state.${id}`) }))
  return {
    title: 'changeProvider',
    fields: [...names, { key: 'state', hint: 'ended', options: states }],
    values: { name: p.name, short_name: p.short_name, state: p.state },
    save: v =>
      ask(
        api.PUT('/api/operator/providers/{id}', {
          params: { path: { id: p.id } },
          body: { name: text(v, 'name'), short_name: text(v, 'short_name'), state: v.state as 'active', reason: text(v, 'reason') },
        }),
      ),
  }
}

/** An employer to be renamed, or a new one of a region. */
export function unitDraft(regions: Region[], region: string, u?: Schemas['OrgUnit']): Draft {
  if (u)
    return {
      title: 'changeUnit', fields: [{ key: 'name', max: 60 }], values: { name: u.name },
      save: v => ask(api.PUT('/api/operator/units/{id}', { params: { path: { id: u.id } }, body: { name: text(v, 'name'), reason: text(v, 'reason') } })),
    }
  return {
    title: 'addUnit',
    fields: [{ key: 'region_id', options: regions }, { key: 'name', max: 60 }],
    values: { region_id: region || (regions[0]?.id ?? ''), name: '' },
    save: v => ask(api.POST('/api/operator/units', { body: { region_id: text(v, 'region_id'), name: text(v, 'name'), reason: text(v, 'reason') } })),
  }
}

/** A new site, of a provider or of a region's bureau. */
export function siteDraft(regions: Region[], providers: Provider[], t: Word): Draft {
  const owners = [
    ...providers.map(p => ({ id: `p/${p.id}`, name: p.name })),
    ...regions.map(r => ({ id: `r/${r.id}`, name: `${r.name} · ${t('organisations.bureau')}` })),
  ]
  return {
    title: 'addSite',
    fields: [{ key: 'host', max: 253, hint: 'host' }, { key: 'owner', options: owners }],
    values: { host: '', owner: owners[0]?.id ?? '' },
    save: v => {
      const id = text(v, 'owner').slice(2)
      const whose = text(v, 'owner').startsWith('p/') ? { provider_id: id } : { region_id: id }
      return ask(api.POST('/api/operator/sites', { body: { host: text(v, 'host').toLowerCase(), ...whose, reason: text(v, 'reason') } }))
    },
  }
}
