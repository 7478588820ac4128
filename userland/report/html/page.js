// SPDX-License-Identifier: GPL-2.0
// The page: what leaks, where, on what evidence; then the details.
'use strict';

const FRAMES = 12, FINDINGS = 30, ROWS = 100;
const RANK = { leak: 3, suspect: 2, cache: 1, ok: 0 };

// The frame that names a finding; that of what occupies the threads, where they are held.
const blamedFrame = site => site.frames[site.blame] ||
	(site.held_by && site.held_by.length ? blamedFrame(site.held_by[0]) : null) || site.frames[0];
const blamedName = site => site.kind === 'process' ? site.command || 'child process' : site.holders ? site.type : blamedFrame(site) ? frameName(blamedFrame(site)) : 'unknown code';
const sourceOf = f => f && f.file ? `${f.file}:${f.line}` : f && f.module ? baseName(f.module) : '';

function frames(list) {
	if (!list.length)
		return el('p', { class: 'soft' }, 'The stack is unknown.');
	const item = f => el('li', { class: isLibrary(f) ? 'lib' : '' },
		el('span', { class: 'fn' }, frameName(f), f.inlined && el('i', {}, 'inlined'), f.tail_call && el('i', {}, 'tail call'), f.inferred && el('i', {}, 'inferred')),
		el('span', { class: 'src' }, f.file ? `${f.file}:${f.line}` : f.module || ''));
	// The program's own frames are never behind the button.
	const shown = Math.max(FRAMES, list.findLastIndex(f => !isLibrary(f)) + 1);
	const ol = el('ol', { class: 'frames' }, list.slice(0, shown).map(item));
	if (list.length > shown)
		ol.append(el('li', {}, el('button', { type: 'button', onclick: e => {
			e.target.parentNode.replaceWith(...list.slice(shown).map(item));
		} }, `${list.length - shown} more`)));
	return ol;
}

function figure(value, words) {
	return el('div', { class: 'figure num' }, el('b', {}, value), el('span', {}, words));
}

function callPath(site, open) {
	return el('details', { open: open ? '' : null },
		el('summary', {}, el('b', {}, 'Created at'), ` ${site.frames.length} frames, innermost first`),
		frames(site.frames), restOfStack(site));
}

// Of what holds objects: the references that lead to most of them.
function chain(holder) {
	return el('details', { open: '' },
		el('summary', {}, el('b', {}, 'Held by'), ` ${holder.root}, ${bytes(holder.bytes)}, ${bytes(holder.grown_bytes)} more than at first`),
		el('ol', { class: 'frames' }, holder.chain.map(part => el('li', {}, el('span', { class: 'fn' }, part)))));
}

// The site's own stack is incomplete. This one object's is longer; other objects may have been
// created by other callers.
function restOfStack(site) {
	return site.rest ? [el('p', { class: 'soft' }, `The stack is incomplete: ${site.stack}. That of one object continues:`),
		frames(site.rest.frames)] : null;
}

function releases(site) {
	if (!site.released_at.length)
		return null;
	const top = site.released_at[0];
	return el('details', {},
		el('summary', {}, el('b', {}, 'Released at'), ` ${count(site.died)} of ${count(site.born)}`,
			top.frames.length ? `, most in ${blamedName(top)}` : ''),
		site.released_at.map(r => {
			const bar = el('i');
			bar.style.width = r.share * 100 + '%';
			return el('div', { class: 'share' },
				el('div', {}, `${percent(r.share)} of the releases (${count(site.sampled ? r.share * site.died : r.count ?? r.share * site.died)})`),
				el('div', { class: 'bar' }, bar), frames(r.frames));
		}));
}

function examples(site) {
	if (!site.examples.length)
		return null;
	return el('details', {},
		el('summary', {}, el('b', {}, 'Examples'), ' of live objects'),
		el('ul', { class: 'examples' }, site.examples.map(e => el('li', {},
			el('code', {}, ['page', 'map', 'heap'].includes(site.kind) ? e.what : `${site.kind} ${e.id} ${e.what}`),
			el('span', { class: 'soft' }, ` · ${time(e.age_s)} old`)))));
}

const JOINED = { path: 'The same call path by other frames:', thread: 'Memory of the threads:',
	heap: 'Memory of the allocator:', time: 'Created together, by one cause or by several:' };

function parts(sites, why) {
	if (sites.length < 2)
		return null;
	return el('div', { class: 'parts' }, el('span', { class: 'soft' }, JOINED[why] || 'Several call paths:'),
		el('ul', {}, sites.map((s, i) => el('li', { class: 'num' }, `${s.sampled ? bytes(s.bytes) : count(s.live)} ${s.kind} ${s.type} at `,
			el('code', {}, blamedName(s)), i ? callPath(s, false) : null))));
}

// What an allocator keeps although it is free has no call path.
const keptFree = finding => el('article', { class: 'card ' + finding.verdict, id: 'finding-' + finding.id },
	el('div', { class: 'head' }, el('span', { class: 'badge ' + finding.verdict }, finding.verdict)),
	el('h3', {}, `Not a leak: ${bytes(finding.bytes)} of what ${finding.allocator} has are free`),
	el('div', { class: 'body' }, el('ul', { class: 'evidence' }, finding.evidence.map(e => el('li', {}, e)))));

function card(report, finding, open) {
	const bySite = new Map(report.sites.map(s => [s.id, s]));
	const sites = finding.sites.map(id => bySite.get(id)).filter(Boolean), site = sites[0];
	if (!site)
		return finding.allocator ? keptFree(finding) : null;
	const place = blamedFrame(site), alike = sites.filter(s => s.kind === site.kind);
	const curve = sumOf(alike.map(s => report.page.sites[s.id]).filter(Boolean));
	const kinds = [...new Set(sites.map(s => s.kind))], sum = (list, f) => list.reduce((n, s) => n + f(s), 0);
	// each kind has its own count: descriptors and pages are never added up
	const amount = kind => {
		const list = sites.filter(s => s.kind === kind), n = sum(list, s => s.live + (s.unjoined || 0));
		if (kind === 'heap')
			return [figure(`≈ ${bytes(sum(list, s => s.bytes))}`, `in ${count(n)} blocks, by ${count(sum(list, s => s.samples))} samples`),
				list.length === 1 && figure(list[0].interval.bytes.map(bytes).join(' to '), 'interval of 95 %')];
		return kind === 'page' ? figure(bytes(sum(list, s => s.bytes)), kinds.length > 1 ? 'of memory' : 'live') :
			figure(count(n), kinds.length > 1 ? noun(kind, n) : 'live');
	};
	const rate = sum(alike, s => s.rate_per_min), grows = rate >= 0.05 && finding.verdict !== 'cache';
	// of samples: what they stand for
	const pace = site.sampled ? bytes(sum(alike, s => s.rate_per_min * s.bytes / Math.max(1, s.live))) :
		rate < 10 ? rate.toFixed(1) : count(rate);
	return el('article', { class: 'card ' + finding.verdict, id: 'finding-' + finding.id },
		el('div', { class: 'head' }, el('span', { class: 'badge ' + finding.verdict }, finding.verdict),
			el('span', {}, [...new Set(sites.map(s => `${s.kind} ${s.type}`))].slice(0, 4).join(', ')),
			RANK[finding.verdict] > 1 && finding.confidence >= 0.05 && el('span', {}, `confidence ${percent(finding.confidence)}`),
			el('span', { class: 'site' }, `site ${site.id}`)),
		el('h3', {}, titleOf(finding, sites)),
		el('div', { class: 'at mono' }, isHeapGrowth(finding, sites) ?
			`first touched by ${blamedName(site)}${sites.length > 1 ? ' and others' : ''} ${sourceOf(place)}` : sourceOf(place)),
		el('div', { class: 'body' },
			el('div', {},
				el('div', { class: 'figures' },
					kinds.flatMap(amount),
					grows && figure('+' + pace,
						kinds.length > 1 && !site.sampled ? `${noun(site.kind, 2)} per minute` : 'per minute'),
					figure(time(site.age_s.max), 'oldest'),
					grows && finding.limit && figure(time(finding.limit.in_s), `until ${finding.limit.what}`)),
				el('ul', { class: 'evidence' }, finding.evidence.map(e => el('li', {}, e))),
				parts(sites, finding.joined_by)),
			curve && curveFigure(curve, report.target.window_s, curve.is === 'survivors' ?
				`${site.sampled ? 'Samples' : 'Objects'} still live, by time of creation` :
				`Live ${site.sampled ? 'samples' : 'objects'}`, site.kind)),
		site.kind === 'process' ? null : site.holders ? chain(site.holders[0]) : callPath(site, open), releases(site), examples(site));
}

// Of memory of an allocator it is known that it grows, but not by whom.
const isHeapGrowth = (finding, sites) => finding.first_touch && sites.every(s => s.kind === 'page');
const titleOf = (finding, sites) => !isHeapGrowth(finding, sites) ? blamedName(sites[0]) :
	finding.verdict !== 'suspect' ? 'The heap grew' :
	`The heap grows ${bytes(finding.rate_per_min * 4096)} per minute`;

// A report without a list of findings: one for each call path that is not ok.
function findingsOf(report) {
	const list = report.findings || report.sites.filter(s => s.verdict !== 'ok').map((s, i) => ({ ...s, id: i + 1, sites: [s.id] }));
	return list.filter(f => f.verdict !== 'ok' && !f.small)
		.sort((a, b) => RANK[b.verdict] - RANK[a.verdict]);
}

function headline(findings, tooShort) {
	const n = v => findings.filter(f => f.verdict === v).length;
	if (n('leak'))
		return ['leak', n('leak') === 1 ? 'One leak' : `${n('leak')} leaks`];
	if (n('suspect'))
		return ['suspect', n('suspect') === 1 ? 'One suspect' : `${n('suspect')} suspects`];
	return ['ok', tooShort ? 'Too short to tell' : 'No leak found'];
}

function header(report, findings) {
	const t = report.target, [verdict, words] = headline(findings, t.too_short), bySite = new Map(report.sites.map(s => [s.id, s]));
	const sitesOf = f => f.sites.map(id => bySite.get(id)).filter(Boolean);
	const worst = findings.filter(f => f.verdict === verdict && sitesOf(f).length).slice(0, 4);
	const places = worst.filter(f => !isHeapGrowth(f, sitesOf(f))), where = [];
	places.forEach((f, i) => where.push(i ? ', ' : 'At ', el('code', {}, blamedName(sitesOf(f)[0]))));
	if (places.length < worst.length)
		where.push(`${where.length ? '; the' : 'The'} heap grows`);
	const facts = [`pid ${t.pid}`, t.exe, t.unit && `unit ${t.unit}`, t.pod && `pod ${t.pod}`,
		t.container && `container ${t.container.replace(/^([0-9a-f]{12})[0-9a-f]{52}$/, '$1')}`, t.hostname, t.kernel && `Linux ${t.kernel}`,
		`traced for ${time(t.window_s)} from ${t.attached_at.slice(0, 16).replace('T', ' ')} UTC`,
		t.exited && 'exited'];
	const l = report.losses;
	return el('header', {},
		el('div', { class: 'eyebrow' }, 'leaktrace · ', el('b', {}, t.comm || '?')),
		el('h1', { class: verdict }, `${words} in ${t.comm || 'this process'}`),
		where.length ? el('p', { class: 'where' }, where) : null,
		el('p', { class: 'facts' }, facts.filter(Boolean).join(' · ')),
		!l.exact && el('p', { class: 'doubt' }, 'Not exact: ', (l.inexact || []).join('; ') || 'data is missing', '.'));
}

function kinds(report, findings) {
	const bySite = new Map(report.sites.map(s => [s.id, s])), worst = {};
	for (const f of findings)
		for (const s of f.sites.map(id => bySite.get(id)).filter(Boolean))
			if ((worst[s.kind] ?? -1) < RANK[f.verdict])
				worst[s.kind] = RANK[f.verdict];
	return el('div', { class: 'kinds' }, Object.entries(report.totals).map(([kind, t]) => {
		const grown = t.live - t.baseline, curve = report.page.kinds[kind];
		const box = curve ? plot(curve, report.target.window_s, true) : null;
		if (box && worst[kind] > 1)
			box.classList.add(worst[kind] > 2 ? 'leak' : 'suspect');
		return el('div', { class: 'kind' }, el('h3', {}, noun(kind, 2)),
			el('div', { class: 'live num' }, count(t.live), t.bytes ? el('small', {}, ` ${bytes(t.bytes)}`) : ''),
			el('div', { class: 'delta num' }, grown ? `${grown > 0 ? '+' : '−'}${count(Math.abs(grown))} since attach` : 'unchanged since attach'),
			box);
	}));
}

function ages(report) {
	const names = report.page.age_names, sum = {};
	for (const s of report.sites) {
		const mine = report.page.ages[s.id];
		if (!mine || !s.live)
			continue;
		const rows = sum[s.kind] ??= names.map(() => [0, 0]);
		mine.forEach((n, i) => { rows[i][s.verdict === 'leak' ? 0 : 1] += n; });
	}
	if (!Object.keys(sum).length)
		return null;
	// nothing created since attach can be older than the time since attach
	const oldest = names.findLastIndex((_, i) => Object.values(sum).some(rows => rows[i][0] + rows[i][1]));
	const bar = (n, max, name) => {
		const i = el('i', { class: name });
		i.style.width = n / max * 100 + '%';
		return i;
	};
	return el('section', {}, el('h2', {}, 'Age of live objects'),
		el('p', { class: 'lead' }, 'Objects created since attach and still live. A leak fills every age class; a program that does not leak has only young objects, and old ones from its start.'),
		el('div', { class: 'key' }, el('span', {}, el('i', { class: 'leak' }), 'call paths that leak'),
			el('span', {}, el('i', { class: 'rest' }), 'other call paths')),
		el('div', { class: 'ages' }, Object.entries(sum).map(([kind, rows]) => {
			const max = Math.max(1, ...rows.map(r => r[0] + r[1]));
			return el('div', { class: 'card' }, el('h3', {}, noun(kind, 2)), rows.slice(0, oldest + 1).map((r, i) =>
				el('div', { class: 'age num' }, el('span', {}, names[i]),
					el('div', { class: 'bar' }, bar(r[0], max, 'leak'), bar(r[1], max, 'rest')),
					el('span', {}, r[0] + r[1] ? count(r[0] + r[1]) : '–'))));
		})));
}

function flame(report, findings) {
	const live = Object.keys(report.totals).filter(k => report.sites.some(s => s.kind === k && s.live));
	const first = findings.length && report.sites.find(s => s.id === findings[0].sites[0]);
	if (!live.length)
		return null;
	if (first && live.includes(first.kind))
		live.unshift(...live.splice(live.indexOf(first.kind), 1));
	return el('section', { id: 'flame' }, el('h2', {}, 'Where live objects were created'),
		el('p', { class: 'lead' }, 'Icicle graph: callers above, callees below; the width is the share of live objects.'),
		new Flame(report, live).element);
}

// Growth and release: the call paths that touched new pages, and those that released some.
function memory(report) {
	const m = report.memory, bySite = new Map(report.sites.map(s => [s.id, s]));
	if (!m || !m.touched)
		return null;
	const row = (name, source, n, share, kind) => {
		const bar = el('i', { class: kind });
		bar.style.width = share * 100 + '%';
		return el('li', {}, el('div', {}, el('code', {}, name), ' ', el('span', { class: 'soft mono optional' }, source)),
			el('span', { class: 'num' }, bytes(n)), el('div', { class: 'bar' }, bar));
	};
	const grown = (m.grown_by || []).map(g => [bySite.get(g.site), g]).filter(g => g[0]).slice(0, 6)
		.map(([s, g]) => row(blamedName(s), sourceOf(blamedFrame(s)), g.bytes, g.share, s.verdict === 'leak' ? 'leak' : 'rest'));
	const back = (m.given_back_by || []).slice(0, 6).map(g =>
		row(blamedName(g), sourceOf(blamedFrame(g)), g.bytes, g.share ?? g.bytes / Math.max(1, m.given_back), 'back'));
	const ranges = Object.entries(m.ranges || {}).map(([name, n]) => `${bytes(n)} ${name}`).join(', ');
	return el('section', {}, el('h2', {}, 'Memory growth and release'),
		el('p', { class: 'lead' }, `${bytes(m.touched)} touched since attach, ${bytes(m.live_new)} of it still in use`,
			ranges ? ` (${ranges})` : '', `, ${bytes(m.given_back - m.given_back_baseline)} freed`,
			m.given_back_baseline ? `; ${bytes(m.given_back_baseline)} of what was there before freed. ` : '. ',
			m.path && m.path.function ? `${percent(m.path_share)} of what is in use was touched under ${m.path.function}.` : 'No single call path accounts for most of it.',
			' A page is charged to the code that touched it first, which need not be the code that keeps it.'),
		el('div', { class: 'memory' },
			el('div', { class: 'card' }, el('h3', {}, 'Touched by'), el('ul', {}, grown.length ? grown : el('li', { class: 'soft' }, 'none'))),
			el('div', { class: 'card' }, el('h3', {}, 'Released by'), el('ul', {}, back.length ? back : el('li', { class: 'soft' }, 'none')))));
}

const COLUMNS = [
	['verdict', 'Verdict', s => el('span', { class: 'badge ' + s.verdict }, s.verdict), s => RANK[s.verdict], ''],
	['what', 'What', s => `${s.kind} ${s.type}`, s => `${s.kind} ${s.type}`, 'optional'],
	['place', 'Where', s => el('div', {}, el('code', {}, blamedName(s)), el('div', { class: 'soft optional' }, sourceOf(blamedFrame(s)))), blamedName, 'fn'],
	['born', 'Created', s => count(s.born), s => s.born, 'n optional'],
	['died', 'Released', s => count(s.died), s => s.died, 'n optional'],
	['live', 'Live', s => s.sampled ? bytes(s.bytes) : count(s.live), s => s.live, 'n'],
	['age', 'Oldest', s => s.live ? time(s.age_s.max) : '–', s => s.live ? s.age_s.max : -1, 'n'],
];

function sites(report) {
	const body = el('tbody'), note = el('p', { class: 'soft' });
	let order = null, down = true, needle = '';
	const heads = COLUMNS.map(c => el('th', { class: c[4], scope: 'col' },
		el('button', { type: 'button', onclick: () => { down = order === c ? !down : c[0] !== 'place'; order = c; fill(); } }, c[1])));
	const fill = () => {
		let list = report.sites.filter(s => !needle || [s.kind, s.type, s.verdict, ...s.frames.flatMap(f => [f.function, f.file, f.module])]
			.some(x => x && x.toLowerCase().includes(needle)));
		const found = list.length;
		if (order)
			list = list.slice().sort((a, b) => (order[3](a) < order[3](b) ? -1 : order[3](a) > order[3](b) ? 1 : 0) * (down ? -1 : 1));
		COLUMNS.forEach((c, i) => c === order ? heads[i].setAttribute('aria-sort', down ? 'descending' : 'ascending') : heads[i].removeAttribute('aria-sort'));
		body.replaceChildren(...list.slice(0, ROWS).map(s => el('tr', {}, COLUMNS.map(c => el('td', { class: c[4] }, c[2](s))))));
		note.textContent = found > ROWS ? `${count(found - ROWS)} more rows: narrow the filter.` : '';
	};
	fill();
	return el('section', {}, el('h2', {}, 'All call paths'),
		el('p', { class: 'lead' }, `${count(report.sites.length)} call paths that created objects, worst first.`),
		el('div', { class: 'tools' }, el('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter the call paths',
			oninput: e => { needle = e.target.value.trim().toLowerCase(); fill(); } })),
		el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {}, heads)), body)), note);
}

function trust(report) {
	const l = report.losses, rows = [
		['Verified against the kernel’s own state', l.exact ? 'yes, every number' : 'no: ' + (l.inexact || []).join('; ')],
		['Complete stacks', `${percent(l.complete_stacks)} of objects and ${percent(l.complete_stacks_bytes)} of bytes`],
		...l.incomplete_stacks.map(s => [`Incomplete stacks: ${s.why}`, `${count(s.objects)} objects${s.bytes ? `, ${bytes(s.bytes)}` : ''}`]),
		['Objects not tracked', count(l.objects)], ['Stacks lost', count(l.stacks)],
		['Events lost (no number depends on events)', count(l.events)],
		['Corrected by comparison with the kernel', count(l.reconciled)]];
	if (l.missing_debug)
		rows.push(['Missing debug information', `${l.missing_debug.file} of ${l.missing_debug.module}` +
			(l.missing_debug.files > 1 ? `, and ${count(l.missing_debug.files - 1)} more` : '')]);
	if (l.unknown_script)
		rows.push(['Lines of the script', `not shown: ${l.unknown_script} is not known`]);
	const p = report.processes;
	rows.push(['Child processes', !p ? 'not counted' : !p.children ? 'none' : `${count(p.children)}, ` +
		`${count(p.zombies)} of them not reaped (zombies); ${p.untraced ? count(p.untraced) + ' not traced' : 'all traced'}`]);
	const before = (report.baseline || []).map(b => [`Baseline: ${b.kind} ${b.type}`,
		`${count(b.live)}, for example ${b.examples.slice(0, 3).map(e => e.what).join(', ')}`]);
	return el('section', {}, el('h2', {}, 'Data quality'),
		el('table', {}, el('tbody', {}, rows.concat(before).map(r => el('tr', {}, el('td', {}, r[0]), el('td', {}, r[1]))))));
}

function render(reports, at) {
	const report = reports[at], findings = findingsOf(report), shown = findings.slice(0, FINDINGS);
	const tabs = reports.length > 1 && el('nav', { 'aria-label': 'Processes' }, reports.map((r, i) =>
		el('button', { type: 'button', 'aria-pressed': String(i === at), onclick: () => render(reports, i) }, `${r.target.comm} ${r.target.pid}`)));
	document.title = show(`${headline(findings, report.target.too_short)[1]}: ${report.target.comm} (${report.target.pid}), leaktrace`);
	document.getElementById('page').replaceChildren(...[tabs, header(report, findings), kinds(report, findings),
		shown.length ? el('section', {}, el('h2', {}, 'Findings'),
			el('p', { class: 'lead' }, findings.length > FINDINGS ? `The worst ${FINDINGS} of ${findings.length}.` : 'Worst first, each with its evidence.'),
			shown.map((f, i) => card(report, f, i === 0))) : null,
		flame(report, findings), memory(report), ages(report), sites(report), trust(report),
		el('footer', {}, 'Created by leaktrace. This file is self-contained: it loads nothing from the network.')].filter(Boolean));
}

const badness = report => Math.max(0, ...findingsOf(report).map(f => RANK[f.verdict]));

// Each frame is in the file once; sites refer to it by its index.
function withFrames(report) {
	for (const site of report.sites)
		for (const place of [site, ...site.released_at])
			place.frames = place.frames.map(i => report.page.frames[i]);
	return report;
}

render(JSON.parse(document.getElementById('data').textContent).map(withFrames).sort((a, b) => badness(b) - badness(a)), 0);
