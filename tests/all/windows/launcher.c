#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

/* The python.exe of a virtual environment: runs that of `home` in pyvenv.cfg with the same command line. */
int wmain(void)
{
    wchar_t own[MAX_PATH], config[MAX_PATH], python[MAX_PATH], line[MAX_PATH + 8];
    STARTUPINFOW start = {sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 127;

    GetModuleFileNameW(NULL, own, MAX_PATH);
    swprintf(config, MAX_PATH, L"%ls\\..\\..\\pyvenv.cfg", own);
    FILE *said = _wfopen(config, L"r");
    while (said && fgetws(line, MAX_PATH, said))
        if (swscanf(line, L"home = %l[^\r\n]", python) == 1)
            break;
    wcscat(python, L"\\python.exe");
    SetEnvironmentVariableW(L"__PYVENV_LAUNCHER__", own);
    GetStartupInfoW(&start);
    if (!CreateProcessW(python, GetCommandLineW(), NULL, NULL, TRUE, 0, NULL, NULL, &start, &process))
        return 127;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}
