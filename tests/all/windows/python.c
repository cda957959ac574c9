/* The program of a CPython of which there is the library. */
#include <wchar.h>

int Py_Main(int, wchar_t **);

int wmain(int count, wchar_t **words)
{
    return Py_Main(count, words);
}
