/* SPDX-License-Identifier: GPL-2.0 */
/* The gates that the module has opened, and what closed ones have left behind. */
#ifndef LEAKTRACE_NETLINK_GATES_H
#define LEAKTRACE_NETLINK_GATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;

struct gate_state {
	uint32_t target, pid;
	bool open;
	uint64_t address, bytes, mean_bytes;
	uint64_t births, deaths, lost, children;	/* lost: samples, and children left open */
};

struct door_state {
	uint32_t target;
	uint64_t gate, address;
	char name[48];
	uint8_t type, state;			/* enum leaktrace_type, leaktrace_door_state */
	int32_t error;
	uint64_t traps;
};

struct gate_list {
	struct gate_state *gate;
	struct door_state *door;
	size_t ngates, ndoors, gates_capacity, doors_capacity;
};

/* 0 or a negative errno, as in requests.h. Free the list in any case. */
int client_gates(struct client *c, struct gate_list *list);
void gate_list_free(struct gate_list *list);

/* Opens the gate of a plan (leaktrace_gate.h), which fd holds. */
int client_gate_open(struct client *c, uint32_t target, int fd);

#endif
