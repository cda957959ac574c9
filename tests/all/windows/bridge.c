/* A program of this machine as one of Windows: wine starts those, and tells neither what they print nor when
   and how they end. */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

typedef char *(CDECL *ToUnix)(const wchar_t *);

static void put(FILE *call, const wchar_t *word)
{
    char text[32768];
    WideCharToMultiByte(CP_UTF8, 0, word, -1, text, sizeof text, NULL, NULL);
    fputs(text, call);
    fputc(0, call);
}

static void write_call(const wchar_t *path, int count, wchar_t **words)
{
    wchar_t text[MAX_PATH];
    FILE *call = _wfopen(path, L"wb");
    GetModuleFileNameW(NULL, text, MAX_PATH);
    put(call, text);
    GetCurrentDirectoryW(MAX_PATH, text);
    put(call, text);
    for (int at = 1; at < count; at++)
        put(call, words[at]);
    put(call, L"\001");
    for (wchar_t *variable = GetEnvironmentStringsW(); *variable; variable += wcslen(variable) + 1)
        put(call, variable);
    fclose(call);
}

/* Opens what is beside the call. */
static FILE *opened(const wchar_t *call, const wchar_t *ending, wchar_t *path)
{
    swprintf(path, MAX_PATH, L"%ls.%ls", call, ending);
    return _wfopen(path, L"rb");
}

static void say(const wchar_t *call, const wchar_t *ending, DWORD stream)
{
    char part[65536];
    wchar_t path[MAX_PATH];
    DWORD size, written;
    FILE *said = opened(call, ending, path);
    if (!said)
        return;
    while ((size = fread(part, 1, sizeof part, said)) > 0)
        WriteFile(GetStdHandle(stream), part, size, &written, NULL);
    fclose(said);
    DeleteFileW(path);
}

int wmain(int count, wchar_t **words)
{
    HMODULE kernel = GetModuleHandleA("kernel32");
    ToUnix to_unix = (ToUnix)(void *)GetProcAddress(kernel, "wine_get_unix_file_name");
    wchar_t folder[MAX_PATH], call[MAX_PATH], path[MAX_PATH], line[4 * MAX_PATH];
    STARTUPINFOW start = {sizeof start};
    PROCESS_INFORMATION process;
    FILE *answer;
    int code = 127;

    GetTempPathW(MAX_PATH, folder);
    GetTempFileNameW(folder, L"run", 0, call);
    write_call(call, count, words);
    swprintf(line, 4 * MAX_PATH, L"env python3 %hs %hs", getenv("BRIDGE"), to_unix(call));
    if (!CreateProcessW(L"Z:\\usr\\bin\\env", line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process))
        return code;
    while (!(answer = opened(call, L"code", path)))
        Sleep(5);
    fscanf(answer, "%d", &code);
    fclose(answer);
    DeleteFileW(path);
    say(call, L"out", STD_OUTPUT_HANDLE);
    say(call, L"err", STD_ERROR_HANDLE);
    DeleteFileW(call);
    return code;
}
