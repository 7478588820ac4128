// SPDX-License-Identifier: GPL-2.0

// The C++ program that docs/heap.md looks into. It forgets some of its baskets, and
// frees every other one of its notes, so that memory is free but cannot be returned.
//
// g++ -O2 -o baskets docs/examples/baskets.cc
#include <cstring>
#include <unistd.h>
#include <vector>

class Basket {
public:
	Basket() : items(new char[200]) { std::memset(items, 1, 200); }
	virtual ~Basket() { delete[] items; }

private:
	char *items;
};

static std::vector<Basket *> baskets;
static std::vector<char *> notes;

// The defect: every tenth basket is not kept.
static __attribute__((noinline)) void serve(int customer)
{
	Basket *basket = new Basket;

	if (customer % 10)
		baskets.push_back(basket);
}

static void write_notes()
{
	for (int i = 0; i < 20000; i++) {
		notes.push_back(new char[3000]);
		std::memset(notes.back(), 'x', 3000);
	}
	for (unsigned int i = 0; i < notes.size(); i += 2) {
		delete[] notes[i];
		notes[i] = nullptr;
	}
}

int main()
{
	for (int customer = 0; customer < 2000; customer++)
		serve(customer);
	write_notes();
	for (;;)
		pause();
}
