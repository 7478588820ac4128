// SPDX-License-Identifier: GPL-2.0
// Objects with a virtual table, of which each owns another block.
#include <cstring>
#include <new>

namespace shop {

class Basket {
public:
	Basket() : items(new char[200]) { std::memset(items, 1, 200); }
	virtual ~Basket() { delete[] items; }
	virtual int price() const { return 0; }

private:
	char *items;
};

} // namespace shop

extern "C" void lose_basket(void);

extern "C" __attribute__((noinline)) void lose_basket(void)
{
	// the optimiser must not leave it out
	shop::Basket *lost = new shop::Basket;
	asm volatile("" : : "r"(lost) : "memory");
}
