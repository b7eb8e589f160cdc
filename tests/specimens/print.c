/* Prints without end. */
#include "specimen.h"

int main(void)
{
	static char piece[1 << 20];
	memset(piece, 'y', sizeof piece);
	while (write(1, piece, sizeof piece) > 0)
		;
	return 10;
}
