/* The program: the SSH connector on the SDK. */
#include "connector.h"

int main(int argc, char **argv)
{
    return tl_main(argc, argv, &connector);
}
