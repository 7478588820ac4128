// SPDX-License-Identifier: GPL-2.0
// The flame graph as icicles, root on top: click to zoom, type to search.
'use strict';

const ROW = 23, NARROWEST = 0.0008;

const isLibrary = f => !!f.machinery;
const baseName = path => path.slice(path.lastIndexOf('/') + 1);
// 'name' is 'function' without its arguments and shortened, where that makes a difference.
const frameName = f => f.name || f.function || `${baseName(f.module || '') || 'unknown'}+0x${f.offset.toString(16)}`;

// Of the heap bytes count: few large blocks are as much as many small ones.
const weightOf = site => site.kind === 'heap' ? site.bytes : site.live;
const weightText = (kind, n) => kind === 'heap' ? `about ${bytes(n)}` : count(n);
const weightWords = (kind, n) => kind === 'heap' ? `${weightText(kind, n)} of the heap` : `${count(n)} ${noun(kind, n)}`;

function flameTree(report, kind) {
	const root = { name: kind, live: 0, leaks: 0, children: new Map(), parent: null, depth: 0 };
	for (const site of report.sites) {
		if (site.kind !== kind || !site.live)
			continue;
		const path = site.frames.slice().reverse();
		path.push({ function: `[${site.type}]`, file: '', line: 0, module: '', offset: 0, type: true });
		let at = root;
		const add = n => {
			n.live += weightOf(site);
			if (site.verdict === 'leak')
				n.leaks += weightOf(site);
		};
		add(root);
		for (const f of path) {
			const key = `${f.function}\0${f.module}\0${f.function ? '' : f.offset}`;
			if (!at.children.has(key))
				at.children.set(key, { name: frameName(f), frame: f, live: 0, leaks: 0,
					children: new Map(), parent: at, depth: at.depth + 1 });
			at = at.children.get(key);
			add(at);
		}
	}
	return root;
}

const depthOf = n => 1 + Math.max(0, ...[...n.children.values()].map(depthOf));

class Flame {
	constructor(report, kinds) {
		this.report = report;
		this.needle = '';
		this.rows = el('div', { class: 'rows' });
		this.told = el('div', { class: 'told', 'aria-live': 'polite' });
		this.reset = el('button', { type: 'button', onclick: () => this.zoomTo(this.root) }, 'Zoom out');
		this.search = el('input', { type: 'search', placeholder: 'Search a function, file or module',
			'aria-label': 'Search the flame graph', oninput: e => this.find(e.target.value) });
		this.select = el('select', { 'aria-label': 'Kind', onchange: e => this.load(e.target.value) },
			kinds.map(k => el('option', { value: k }, noun(k, 2))));
		this.element = el('div', { onkeydown: e => e.key === 'Escape' && this.zoomTo(this.root) },
			el('div', { class: 'tools' }, this.search, this.select, this.reset),
			el('div', { class: 'key' },
				el('span', {}, el('i', { class: 'hot' }), 'mostly leaked'),
				el('span', {}, el('i', { class: 'own' }), 'program'),
				el('span', {}, el('i', { class: 'lib' }), 'library')),
			el('div', { class: 'flame' }, this.rows), this.told);
		this.load(kinds[0]);
	}

	load(kind) {
		this.kind = kind;
		this.root = flameTree(this.report, kind);
		this.zoomTo(this.root);
	}

	zoomTo(node) {
		this.zoom = node;
		this.reset.disabled = node === this.root;
		this.draw();
		this.tell(node);
	}

	find(text) {
		this.needle = text.trim().toLowerCase();
		this.draw();
		this.tell(this.zoom);
	}

	matches(n) {
		return this.needle && n.frame && [n.name, n.frame.file, n.frame.module]
			.some(s => s && s.toLowerCase().includes(this.needle));
	}

	// The objects that match, each counted once: frames below a match are not counted again.
	matched(n) {
		if (this.matches(n))
			return n.live;
		let sum = 0;
		for (const c of n.children.values())
			sum += this.matched(c);
		return sum;
	}

	tell(n) {
		const f = n.frame, all = this.root.live || 1, parts = [];
		if (this.needle && n === this.zoom) {
			const hit = this.matched(this.root);
			parts.push(`${weightText(this.kind, hit)} of ${weightText(this.kind, all)} (${percent(hit / all)}) match. `);
		}
		if (f) {
			parts.push(el('b', {}, n.name), ` ${weightWords(this.kind, n.live)}, ${percent(n.live / all)}`);
			if (n.leaks)
				parts.push(`, ${percent(n.leaks / n.live)} of it leaked`);
			if (f.file)
				parts.push(` · ${f.file}:${f.line}`);
			if (f.module)
				parts.push(` · ${f.module}`);
		} else if (!this.needle) {
			parts.push(`${weightWords(this.kind, n.live)} created since attach and still live, by call path. Click a frame to zoom.`);
		}
		this.told.replaceChildren(...parts.map(p => p instanceof Node ? p : show(p)));
	}

	draw() {
		this.rows.replaceChildren();
		const above = [];
		for (let n = this.zoom.parent; n; n = n.parent)
			above.unshift(n);
		for (const n of above)
			this.put(n, 0, 1, 'above');
		this.place(this.zoom, 0, 1);
		this.rows.style.height = (above.length + depthOf(this.zoom)) * ROW + 'px';
	}

	place(n, left, width) {
		if (width < NARROWEST)
			return;
		this.put(n, left, width, '');
		for (const c of [...n.children.values()].sort((a, b) => b.live - a.live || (a.name < b.name ? -1 : 1))) {
			const share = width * c.live / n.live;
			this.place(c, left, share);
			left += share;
		}
	}

	put(n, left, width, extra) {
		const f = n.frame, classes = [extra];
		if (n.leaks * 2 > n.live)
			classes.push('hot');
		else if (f && isLibrary(f))
			classes.push('lib');
		if (width < 0.02)
			classes.push('thin');
		if (this.matches(n))
			classes.push('hit');
		const label = f ? n.name : `all ${noun(this.kind, 2)}`;
		const b = el('button', { type: 'button', class: classes.join(' ').trim(),
			'aria-label': `${show(label)}: ${weightText(this.kind, n.live)}`,
			onclick: () => this.zoomTo(n === this.zoom && n.parent ? n.parent : n),
			onpointerenter: () => this.tell(n), onfocus: () => this.tell(n),
			onpointerleave: () => this.tell(this.zoom) },
			width < 0.02 ? '' : label);
		b.style.left = left * 100 + '%';
		b.style.width = width * 100 + '%';
		b.style.top = n.depth * ROW + 'px';
		this.rows.append(b);
	}
}
