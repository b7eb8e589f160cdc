/*
 * The reference for the telescope's speed: a loop over the records of a mapped capture of
 * raw IP (classic pcap, little-endian), in four steps. Prints packets per second of each.
 *
 *   cc -O2 -o telescope telescope.c && ./telescope FILE
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS (1u << 23)

struct source { uint32_t address, packets, first, last, tcp, udp; };

static struct source *table;
static uint64_t classes[16], tools[4], displaced;

static inline uint16_t be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t be32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }
static inline uint32_t le32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }

#define FLOWS (1u << 20)

struct flow { uint32_t src, dst, packets, bytes; uint16_t port; uint8_t protocol, class; };

static struct flow *flows;
static uint32_t *used, used_count, minute;
static uint64_t records;

/* Time on a CPU: others may use the machine. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The class of a packet: by flags of TCP, ports of UDP, type of ICMP. */
static inline unsigned name(const uint8_t *p, uint32_t n) {
    const uint8_t *t;
    uint8_t protocol;
    if (n < 20) return 0;
    if (p[0] >> 4 == 4) { t = p + (p[0] & 15) * 4; protocol = p[9]; }
    else { t = p + 40; protocol = p[6]; }
    if (t + 8 > p + n) return 0;
    if (protocol == 6) {
        if (t + 20 > p + n) return 0;
        switch (t[13] & 0x3f) {
        case 2: {
            uint32_t seq = be32(t + 4), window = be16(t + 14);
            if (p[0] >> 4 == 4) {
                uint32_t dst = be32(p + 16);
                uint16_t id = be16(p + 4);
                tools[0] += id == 54321 && window == 65535;
                tools[1] += id == (uint16_t)(dst ^ be16(t + 2) ^ seq) && window == 1024;
                tools[2] += seq == dst;
            }
            return 1;
        }
        case 0x12: return 2;
        case 4: case 0x14: return 3;
        case 1: return 4;
        case 0: return 5;
        default: return 6;
        }
    }
    if (protocol == 17) {
        uint16_t from = be16(t);
        return from == 53 || from == 123 || from == 443 ? 7 : 8;
    }
    return protocol == 1 ? (t[0] == 8 ? 9 : 10) : 11;
}

static inline void count(const uint8_t *p, uint32_t n, uint32_t seconds) {
    if (n < 20 || p[0] >> 4 != 4) return;
    uint32_t address = be32(p + 12);
    uint32_t slot = (uint32_t)((address * 0x9e3779b97f4a7c15ull) >> 41);
    for (unsigned tries = 0; tries < 8; tries++) {
        struct source *s = &table[(slot + tries) & (SLOTS - 1)];
        if (s->packets == 0) { s->address = address; s->first = seconds; }
        if (s->address == address) {
            s->packets++;
            s->last = seconds;
            s->tcp += p[9] == 6;
            s->udp += p[9] == 17;
            return;
        }
    }
    displaced++;
}

/* Exact records of a minute: source, /24 of the destination, port, protocol and class. */
static inline void record(const uint8_t *p, uint32_t n, uint32_t seconds, unsigned class) {
    if (n < 24 || p[0] >> 4 != 4) return;
    if (seconds / 60 != minute) {
        for (uint32_t i = 0; i < used_count; i++) memset(&flows[used[i]], 0, sizeof *flows);
        records += used_count;
        used_count = 0;
        minute = seconds / 60;
    }
    uint32_t src = be32(p + 12), dst = be32(p + 16) >> 8;
    uint16_t port = p[9] == 6 || p[9] == 17 ? be16(p + (p[0] & 15) * 4 + 2) : 0;
    uint64_t key = ((uint64_t)src << 32 | dst) * 0x9e3779b97f4a7c15ull ^ ((uint64_t)port << 16 | p[9]);
    uint32_t slot = (uint32_t)((key * 0xd6e8feb86659fd93ull) >> 44);
    for (;;) {
        struct flow *f = &flows[slot & (FLOWS - 1)];
        if (f->packets == 0) {
            if (used_count >= FLOWS / 2) { displaced++; return; }
            *f = (struct flow){ src, dst, 0, 0, port, p[9], (uint8_t)class };
            used[used_count++] = slot & (FLOWS - 1);
        }
        if (f->src == src && f->dst == dst && f->port == port && f->protocol == p[9] && f->class == class) {
            f->packets++;
            f->bytes += n;
            return;
        }
        slot++;
    }
}

int main(int argc, char **argv) {
    if (argc != 2) { fprintf(stderr, "usage: telescope FILE\n"); return 2; }
    int file = open(argv[1], O_RDONLY);
    struct stat stat;
    if (file < 0 || fstat(file, &stat) < 0) { perror(argv[1]); return 1; }
    const uint8_t *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) { perror("mmap"); return 1; }
    table = calloc(SLOTS, sizeof *table);
    const uint8_t *end = bytes + stat.st_size;
    flows = calloc(FLOWS, sizeof *flows);
    used = calloc(FLOWS, sizeof *used);
    const char *steps[] = { "records", "named", "named, with a table of sources",
                            "named, with a table of sources and records per minute" };
    for (int step = 0; step < 4; step++) {
        double began = now();
        uint64_t packets = 0, sum = 0;
        for (const uint8_t *r = bytes + 24; r + 16 <= end; ) {
            uint32_t n = le32(r + 8);
            const uint8_t *p = r + 16;
            if (p + n > end) break;
            unsigned class = step > 0 ? name(p, n) : 0;
            if (step > 0) classes[class]++;
            if (step > 1) count(p, n, le32(r));
            if (step > 2) record(p, n, le32(r), class);
            sum += n;
            packets++;
            r = p + n;
        }
        printf("%s: %llu packets, %.1f million/s (%llu bytes)\n", steps[step],
               (unsigned long long)packets, (double)packets / (now() - began) / 1e6,
               (unsigned long long)sum);
    }
    printf("zmap %llu, masscan %llu, mirai %llu, full %llu, records %llu\n",
           (unsigned long long)tools[0] / 3, (unsigned long long)tools[1] / 3,
           (unsigned long long)tools[2] / 3, (unsigned long long)displaced,
           (unsigned long long)(records + used_count));
    return 0;
}
