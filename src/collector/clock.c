#include "collector/clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(PROF2ANY_NO_TSC)
#include <cpuid.h>

/* Linux takes "tsc" off this list when it sees that processors disagree. Without the list, the
 * processor's own word has to do. */
static bool the_system_trusts_it(void)
{
    char text[256];
    int fd = open("/sys/devices/system/clocksource/clocksource0/available_clocksource",
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return true;
    text[n] = '\0';
    return strstr(text, "tsc") != NULL;
}

bool p2a_counter_is_steady(void)
{
    enum { POWER_MANAGEMENT = 0x80000007, INVARIANT_TSC = 1 << 8 };
    unsigned a, b, c, d;
    return __get_cpuid(POWER_MANAGEMENT, &a, &b, &c, &d) && d & INVARIANT_TSC &&
           the_system_trusts_it();
}
#elif defined(__aarch64__) && !defined(PROF2ANY_NO_TSC)
/* The architecture promises it of the virtual counter. */
bool p2a_counter_is_steady(void)
{
    return true;
}
#else
bool p2a_counter_is_steady(void)
{
    return false;
}
#endif
