// SPDX-License-Identifier: GPL-2.0
// Elements from data, numbers as text, and curves. Everything from the report is
// inserted as text: nothing here ever parses markup.
'use strict';

// Control and formatting characters in a name are shown as escapes, not obeyed.
function show(s) {
	return String(s ?? '').replace(
		/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
		c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

function el(tag, attrs, ...children) {
	const svg = ['svg', 'path'].includes(tag) && document.getElementById('svg').namespaceURI;
	const e = svg ? document.createElementNS(svg, tag) : document.createElement(tag);
	for (const [key, value] of Object.entries(attrs || {})) {
		if (key.startsWith('on'))
			e.addEventListener(key.slice(2), value);
		else if (value !== undefined && value !== null && value !== false)
			e.setAttribute(key, value);
	}
	for (const c of children.flat())
		if (c !== undefined && c !== null && c !== false)
			e.append(c instanceof Node ? c : show(c));
	return e;
}

const count = n => Math.round(n).toLocaleString('en-US');

function bytes(n) {
	const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
	let i = 0;
	for (; n >= 1024 && i < 4; i++)
		n /= 1024;
	return (i && n < 10 ? n.toFixed(1) : Math.round(n)) + ' ' + units[i];
}

function time(s) {
	if (s < 1)
		return Math.round(s * 1000) + ' ms';
	for (const [limit, per, unit] of [[120, 1, 's'], [7200, 60, 'min'], [172800, 3600, 'h'], [Infinity, 86400, 'd']])
		if (s < limit)
			return (s / per < 9.95 && s % per ? (s / per).toFixed(1) : Math.round(s / per)) + ' ' + unit;
}

const percent = x => (x > 0 && x < 0.01 ? '< 1' : x < 1 && x > 0.99 ? '> 99' : Math.round(x * 100)) + ' %';

const NOUNS = { fd: ['descriptor', 'descriptors'], page: ['page', 'pages'], timer: ['timer', 'timers'],
	thread: ['thread', 'threads'], map: ['mapping', 'mappings'], heap: ['heap sample', 'heap samples'] };
const noun = (kind, n) => (NOUNS[kind] || [kind, kind + 's'])[n === 1 ? 0 : 1];

// {t: [seconds], live: [n]}, the last value at or before x
function valueAt(curve, x) {
	if (!curve.t.length || x < curve.t[0])
		return 0;
	let low = 0, high = curve.t.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if (curve.t[middle] <= x)
			low = middle;
		else
			high = middle - 1;
	}
	return curve.live[low];
}

// The sum of several curves.
function sumOf(curves) {
	if (curves.length < 2)
		return curves[0];
	const t = [...new Set(curves.flatMap(c => c.t))].sort((a, b) => a - b);
	return { is: curves.some(c => c.is === 'survivors') ? 'survivors' : 'history', t,
		live: t.map(x => curves.reduce((n, c) => n + valueAt(c, x), 0)) };
}

// An area that fills its box; bare: without labels.
function plot(curve, end, bare) {
	const max = Math.max(1, ...curve.live), floor = bare ? Math.min(...curve.live) : 0;
	const span = Math.max(1, max - floor), last = Math.max(end, 1e-9);
	const at = i => `${(curve.t[i] / last * 100).toFixed(2)},${(100 - (curve.live[i] - floor) / span * 94).toFixed(2)}`;
	// a history stays as it is until its next point
	const line = curve.t.map((_, i) => i && curve.is === 'history' ?
		`${at(i).split(',')[0]},${at(i - 1).split(',')[1]}L${at(i)}` : at(i)).join('L');
	const first = (curve.t[0] / last * 100).toFixed(2), right = (curve.t[curve.t.length - 1] / last * 100).toFixed(2);
	const cursor = el('div', { class: 'cursor' });
	const box = el('div', { class: 'plot' },
		el('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
			el('path', { class: 'area', d: `M${first},100L${line}L${right},100Z` }),
			el('path', { class: 'curve', d: 'M' + line })),
		!bare && el('span', { class: 'peak num' }, count(max)), cursor);
	box.cursor = cursor;
	return box;
}

function curveFigure(curve, end, title, kind) {
	const note = el('span', { class: 'num' });
	const rest = () => { note.textContent = `${count(curve.live[curve.live.length - 1])} now`; };
	const box = plot(curve, end, false);
	box.addEventListener('pointermove', e => {
		const r = box.getBoundingClientRect();
		const share = Math.min(1, Math.max(0, (e.clientX - r.left) / r.width));
		box.cursor.style.display = 'block';
		box.cursor.style.left = share * 100 + '%';
		note.textContent = `${count(valueAt(curve, share * end))} after ${time(share * end)}`;
	});
	box.addEventListener('pointerleave', () => {
		box.cursor.style.display = 'none';
		rest();
	});
	rest();
	return el('figure', { 'aria-label': `${title}: from ${count(curve.live[0])} to ` +
			`${count(curve.live[curve.live.length - 1])} ${noun(kind, 2)} in ${time(end)}` },
		el('figcaption', {}, el('span', {}, title), note), box,
		el('div', { class: 'axis' }, el('span', {}, 'attached'), el('span', {}, time(end))));
}
