/* Decodes texts into memory when it runs, and waits. None of them is in its file as it is read. */
#include "specimen.h"

/* Each byte with its place and a number added: http://decoded.example.net/gate, and a marker that a
 * rule of the tests knows. */
static const unsigned char url[] = {
	0x91, 0xa4, 0xab, 0xae, 0x7f, 0x7b, 0x82, 0xbe, 0xc6, 0xcb, 0xde, 0xda,
	0xe2, 0xe8, 0xb9, 0xf7, 0x11, 0x01, 0x14, 0x1e, 0x21, 0x21, 0xf1, 0x38,
	0x36, 0x4c, 0x0e, 0x4d, 0x4e, 0x68, 0x60,
};
static const unsigned char marker[] = {
	0x94, 0x95, 0xa7, 0xb2, 0x72, 0xb2, 0xc2, 0xcc, 0x8e, 0xd4, 0xd0, 0xea,
	0xe2, 0xf6, 0xab, 0xf4, 0x12, 0xc0, 0x08, 0xce, 0x28, 0x2c, 0x28, 0x2d,
	0x3a, 0x45, 0x44, 0x54,
};

static void decode(char *into, const unsigned char *from, size_t size, int add)
{
	for (size_t at = 0; at < size; at++)
		into[at] = from[at] - at * 7 - add;
}

int main(int argc, char **argv)
{
	/* Known at run time only, so that no compiler does it. */
	int add = 40 + argc + (argv[0] == NULL);
	char *heap = calloc(1, 4096);
	if (!heap)
		return 10;
	decode(heap + 64, url, sizeof url, add);
	decode(heap + 512, marker, sizeof marker, add);
	wait_ms(600000);
	return heap[64] != 'h';
}
