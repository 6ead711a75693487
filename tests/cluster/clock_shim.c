/* A machine's clocks as LD_PRELOAD shows them: CLOCK_MONOTONIC drifts, CLOCK_REALTIME is set wrong.

CLOCK_DRIFT_PPM counts from CLOCK_BASE_NS (of the true CLOCK_MONOTONIC), so that all processes of a
machine share one clock; CLOCK_WALL_S is added to the time of day. Timers at absolute instants are
set to the true ones. Relative waits stay as they are: 200 ppm of them is nobody's concern. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long long base_ns, wall_s;
static double drift;

__attribute__((constructor)) static void read_environment(void) {
    const char *base = getenv("CLOCK_BASE_NS"), *ppm = getenv("CLOCK_DRIFT_PPM");
    const char *wall = getenv("CLOCK_WALL_S");
    base_ns = base ? atoll(base) : 0;
    drift = ppm ? atof(ppm) / 1e6 : 0.0;
    wall_s = wall ? atoll(wall) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *found) {
    long failed = syscall(SYS_clock_gettime, clock, found);
    if (failed) return (int)failed;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) found->tv_sec += wall_s;
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE) {
        long long ns = found->tv_sec * 1000000000LL + found->tv_nsec;
        ns += (long long)((double)(ns - base_ns) * drift);
        found->tv_sec = ns / 1000000000LL;
        found->tv_nsec = ns % 1000000000LL;
    }
    return 0;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone) {
    long failed = syscall(SYS_gettimeofday, found, zone);
    if (!failed) found->tv_sec += wall_s;
    return (int)failed;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found) *found = now.tv_sec;
    return now.tv_sec;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *old) {
    struct itimerspec true_one = *wanted;
    long long ns = wanted->it_value.tv_sec * 1000000000LL + wanted->it_value.tv_nsec;
    if ((flags & TFD_TIMER_ABSTIME) && ns > base_ns) {
        ns = base_ns + (long long)((double)(ns - base_ns) / (1.0 + drift));
        true_one.it_value.tv_sec = ns / 1000000000LL;
        true_one.it_value.tv_nsec = ns % 1000000000LL;
    }
    return (int)syscall(SYS_timerfd_settime, fd, flags, &true_one, old);
}
