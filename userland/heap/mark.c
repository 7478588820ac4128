// SPDX-License-Identifier: GPL-2.0
/*
 * Reads memory, and follows every word that is an address in a block. Blocks are read
 * in batches, and nothing that was read is kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/mark.h"
#include "util/array.h"
#include "util/process_memory.h"
#include "util/units.h"

enum {
	BUFFER_BYTES = 4 << 20,
	PAGES_AT_ONCE = BUFFER_BYTES / PAGE_BYTES,
	PIECES_AT_ONCE = 512,
	LARGE_BYTES = 64 << 10,		/* such blocks are read like roots */
	TAG_SHIFT = 48,
};

static void see_block(struct mark *m, uint64_t address)
{
	struct heap_blocks *b = m->blocks;
	uint32_t i = blocks_find(b, address);

	if (i == BLOCK_NONE || block_state(b, i) != BLOCK_LIVE || b->flags[i] & (m->flag | m->skip))
		return;
	if (!array_reserve(m->stack, m->capacity, m->n, 1)) {
		m->is_full = true;
		return;
	}
	b->flags[i] |= m->flag;
	m->marked_blocks++;
	m->marked_bytes += block_content_bytes(b, blocks_area(b, b->at[i]), i);
	m->stack[m->n++] = i;
}

static inline void see(struct mark *m, uint64_t word)
{
	uint64_t untagged = word & ((1ULL << TAG_SHIFT) - 1);

	if (untagged - m->low < m->high - m->low)
		see_block(m, untagged);
}

static void see_words(struct mark *m, const unsigned char *bytes, size_t n, size_t step)
{
	uint64_t word;

	for (size_t i = 0; i + sizeof(word) <= n; i += step) {
		memcpy(&word, bytes + i, sizeof(word));
		see(m, word);
	}
}

/* What has been read, or passed over. */
static void count_done(struct mark *m, uint64_t bytes)
{
	unsigned int percent;

	m->done_bytes += bytes;
	percent = m->total_bytes > m->done_bytes ? 100.0 * m->done_bytes / m->total_bytes : 100;
	if (m->progress && percent > m->percent)
		m->progress(percent);
	if (percent > m->percent)
		m->percent = percent;
}

/* Pages that exist one behind the other. */
static void read_run(struct mark *m, uint64_t at, size_t bytes, size_t step)
{
	m->read_bytes += bytes;
	if (!memory_read(m->process->tid, at, m->buffer, bytes)) {
		see_words(m, m->buffer, bytes, step);
		return;
	}
	/* some have vanished since */
	for (size_t done = 0; done < bytes;) {
		size_t n = PAGE_BYTES - (at + done) % PAGE_BYTES;

		n = n < bytes - done ? n : bytes - done;
		if (memory_read(m->process->tid, at + done, m->buffer, n))
			m->unread_bytes += n;
		else
			see_words(m, m->buffer, n, step);
		done += n;
	}
}

/* A range, of which only populated pages are read; it begins at a word. */
static void read_range(struct mark *m, uint64_t start, uint64_t end, bool own_only, size_t step)
{
	struct heap_pages pages[PAGES_AT_ONCE];

	while (start < end) {
		uint64_t first = start & ~(uint64_t)(PAGE_BYTES - 1);
		size_t n = (end - first + PAGE_BYTES - 1) / PAGE_BYTES, i, k;

		n = n < PAGES_AT_ONCE ? n : PAGES_AT_ONCE;
		heap_pages(m->process, first, n, pages);
		for (i = 0; i < n; i = k) {
			bool wanted = pages[i].populated && (!own_only || pages[i].own);
			uint64_t from = first + i * PAGE_BYTES, to;

			for (k = i + 1; k < n; k++)
				if ((pages[k].populated && (!own_only || pages[k].own)) != wanted)
					break;
			to = first + k * PAGE_BYTES < end ? first + k * PAGE_BYTES : end;
			from = from > start ? from : start;
			if (wanted)
				read_run(m, from, to - from, step);
		}
		count_done(m, first + n * PAGE_BYTES < end ? first + n * PAGE_BYTES - start : end - start);
		start = first + n * PAGE_BYTES;
	}
}

/* Takes blocks from the stack until a batch is full; n pieces. */
static size_t take_batch(struct mark *m, struct memory_piece *piece)
{
	size_t n = 0, used = 0;

	while (m->n && n < PIECES_AT_ONCE) {
		uint32_t i = m->stack[m->n - 1];
		uint64_t at = block_content(m->blocks, i);
		const struct heap_area *a = blocks_area(m->blocks, m->blocks->at[i]);
		uint64_t bytes = block_content_bytes(m->blocks, a, i);

		if (bytes < LARGE_BYTES && used + bytes > BUFFER_BYTES)
			break;
		m->n--;
		if (bytes >= LARGE_BYTES) {
			/* uses the buffer, so what is in the batch comes first */
			if (n) {
				m->n++;
				break;
			}
			read_range(m, at, at + bytes, false, sizeof(uint64_t));
			continue;
		}
		piece[n++] = (struct memory_piece){ .at = at, .to = m->buffer + used, .bytes = bytes };
		used += bytes;
	}
	return n;
}

/* Reads all blocks on the stack, and those that they refer to. */
static void read_blocks(struct mark *m)
{
	struct memory_piece piece[PIECES_AT_ONCE];

	while (m->n && !m->is_full) {
		size_t n = take_batch(m, piece);

		memory_read_pieces(m->process->tid, piece, n);
		for (size_t i = 0; i < n; i++) {
			if (piece[i].good)
				see_words(m, piece[i].to, piece[i].bytes, sizeof(uint64_t));
			else
				m->unread_bytes += piece[i].bytes;
			m->read_bytes += piece[i].bytes;
			count_done(m, piece[i].bytes);
		}
	}
}

/** mark_begin() - prepare a table of blocks to be marked; false: no memory */
bool mark_begin(struct mark *m, const struct heap_process *p, struct heap_blocks *b)
{
	*m = (struct mark){ .process = p, .blocks = b, .flag = BLOCK_REFERRED, .buffer = malloc(BUFFER_BYTES) };
	if (b->areas) {
		m->low = b->area[0].start;
		m->high = b->area[b->areas - 1].end;
	}
	return m->buffer;
}

/** mark_roots() - mark what the roots refer to, directly or not; 0 or -ENOMEM */
int mark_roots(struct mark *m, const struct roots *r)
{
	for (size_t i = 0; i < r->n; i++)
		m->total_bytes += r->root[i].end - r->root[i].start;
	for (size_t i = 0; i < m->blocks->areas; i++)
		m->total_bytes += m->blocks->area[i].end - m->blocks->area[i].start;
	for (size_t i = 0; i < r->words; i++)
		see(m, r->word[i]);
	read_blocks(m);
	for (size_t i = 0; i < r->n && !m->is_full; i++) {
		const struct root *root = &r->root[i];

		read_range(m, root->start, root->end, root->own_only, root->unaligned ? 1 : sizeof(uint64_t));
		read_blocks(m);
	}
	return m->is_full ? -ENOMEM : 0;
}

/** mark_from() - mark what a block refers to, directly or not; 0 or -ENOMEM */
int mark_from(struct mark *m, uint32_t block)
{
	if (!array_reserve(m->stack, m->capacity, m->n, 1))
		return -ENOMEM;
	m->stack[m->n++] = block;
	read_blocks(m);
	return m->is_full ? -ENOMEM : 0;
}

/** mark_end() - release what it holds */
void mark_end(struct mark *m)
{
	free(m->stack);
	free(m->buffer);
	m->stack = NULL;
	m->buffer = NULL;
}
