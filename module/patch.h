/* SPDX-License-Identifier: GPL-2.0 */
/* patch.c: doors in the text of a process that runs. */
#ifndef _LT_PATCH_H
#define _LT_PATCH_H

#include <linux/types.h>
#include <linux/uprobes.h>

struct inode;
struct leaktrace_gate_door;
struct mm_struct;

/* Where something is mapped from. */
struct lt_patch_place {
	struct inode *inode;	/* only compared, unless the caller holds it */
	loff_t offset;
};

/* The dormant uprobe of a door, whose address is that of @consumer. */
struct lt_patch_probe {
	struct uprobe_consumer consumer;
	struct inode *inode;
	loff_t offset;
	struct uprobe *uprobe;	/* since v6.12; else @inode and @offset name it */
	bool (*wants)(struct lt_patch_probe *p, struct mm_struct *mm);
	void (*trapped)(struct lt_patch_probe *p);
	bool registered;
};

bool lt_patch_supported(void);
int lt_patch_find(struct mm_struct *mm, unsigned long at, struct lt_patch_place *place);
int lt_patch_read(struct mm_struct *mm, unsigned long at, void *to, unsigned int n);
int lt_patch_write(struct mm_struct *mm, unsigned long at, const void *from, unsigned int n);
int lt_patch_write_word(struct mm_struct *mm, unsigned long at, u64 word);
int lt_patch_open(struct mm_struct *mm, const struct leaktrace_gate_door *door);
int lt_patch_close(struct mm_struct *mm, const struct leaktrace_gate_door *door);
int lt_patch_close_child(struct mm_struct *mm, const struct leaktrace_gate_door *door);
int lt_patch_register(struct lt_patch_probe *p);
void lt_patch_unregister(struct lt_patch_probe *p);
void lt_patch_unregistered(void);

#endif /* _LT_PATCH_H */
