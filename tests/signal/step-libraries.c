/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workloads for the single-step oracle from libraries as distributions ship them:
 * zlib, libcrypto with its hand-written assembly, sqlite3. They are loaded, so
 * that the test can be built without them and without their headers; types are
 * words and opaque pointers all.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "step-work.h"

#define TEXT_BYTES 4000

static volatile long sink;
static unsigned char text[TEXT_BYTES], packed[TEXT_BYTES * 2],
    unpacked[TEXT_BYTES];

/* Words of some length, none of them random, all rounds different. */
static void make_text(size_t bytes)
{
    uint32_t state = 12345 + step_round;

    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = (unsigned char)("etaoin shrdlu, cmfwyp"[(state >> 24) % 21]);
    }
}

/* What a workload needs of a library, by name. */
struct import {
    const char *name;
    void *pointer; /* to a pointer to function */
};

static const char *import(const char *library, const struct import *imports)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);

    if (!handle)
        return library;
    for (; imports->name; imports++) {
        void *found = dlsym(handle, imports->name);

        if (!found)
            return imports->name;
        memcpy(imports->pointer, &found, sizeof found);
    }
    return NULL;
}

/* ---- zlib -------------------------------------------------------------- */

static int (*compress2)(unsigned char *, unsigned long *,
                        const unsigned char *, unsigned long, int);
static int (*uncompress)(unsigned char *, unsigned long *,
                         const unsigned char *, unsigned long);
static unsigned long (*crc32)(unsigned long, const unsigned char *, unsigned);

static const char *open_zlib(void)
{
    static const struct import imports[] = {{"compress2", &compress2},
                                            {"uncompress", &uncompress},
                                            {"crc32", &crc32},
                                            {NULL, NULL}};

    return import("libz.so.1", imports);
}

static void zlib(void)
{
    static const int levels[] = {1, 6, 9};
    size_t bytes = step_is_long ? TEXT_BYTES : 500;

    make_text(bytes);
    for (unsigned i = 0; i < (step_is_long ? 3 : 2); i++) {
        unsigned long packed_bytes = sizeof packed;
        unsigned long unpacked_bytes = sizeof unpacked;

        sink = compress2(packed, &packed_bytes, text, bytes, levels[i]);
        sink = uncompress(unpacked, &unpacked_bytes, packed, packed_bytes);
    }
    sink = (long)crc32(0, text, (unsigned)bytes);
}

/* ---- libcrypto --------------------------------------------------------- */

static void *(*cipher_fetch)(void *, const char *, const char *);
static void *(*cipher_new)(void);
static void (*cipher_free)(void *);
static int (*encrypt_init)(void *, const void *, void *,
                           const unsigned char *, const unsigned char *);
static int (*encrypt)(void *, unsigned char *, int *, const unsigned char *,
                      int);
static int (*encrypt_final)(void *, unsigned char *, int *);
static int (*decrypt_init)(void *, const void *, void *,
                           const unsigned char *, const unsigned char *);
static int (*decrypt)(void *, unsigned char *, int *, const unsigned char *,
                      int);

static const char *const cipher_names[] = {
    "AES-128-CBC", "AES-256-CTR",       "AES-128-GCM", "AES-256-XTS",
    "AES-128-ECB", "ChaCha20-Poly1305", "AES-128-OCB", "CAMELLIA-128-CBC"};
#define CIPHERS (sizeof cipher_names / sizeof *cipher_names)
static void *ciphers[CIPHERS];

static const char *open_ciphers(void)
{
    static const struct import imports[] = {
        {"EVP_CIPHER_fetch", &cipher_fetch},
        {"EVP_CIPHER_CTX_new", &cipher_new},
        {"EVP_CIPHER_CTX_free", &cipher_free},
        {"EVP_EncryptInit_ex", &encrypt_init},
        {"EVP_EncryptUpdate", &encrypt},
        {"EVP_EncryptFinal_ex", &encrypt_final},
        {"EVP_DecryptInit_ex", &decrypt_init},
        {"EVP_DecryptUpdate", &decrypt},
        {NULL, NULL}};
    const char *missing = import("libcrypto.so.3", imports);

    for (unsigned i = 0; i < CIPHERS && !missing; i++)
        ciphers[i] = cipher_fetch(NULL, cipher_names[i], NULL);
    return missing;
}

static void encipher(const void *cipher, int bytes)
{
    static const unsigned char key[64] = "0123456789abcdefghijklmnopqrstuvwxyz",
                               iv[32] = "first block";
    void *context = cipher_new();
    int done = 0;

    encrypt_init(context, cipher, NULL, key, iv);
    encrypt(context, packed, &done, text, bytes);
    sink = encrypt_final(context, packed + done, &done);
    decrypt_init(context, cipher, NULL, key, iv);
    decrypt(context, unpacked, &done, packed, bytes);
    cipher_free(context);
}

static void crypto_ciphers(void)
{
    make_text(2000);
    for (unsigned i = 0; i < CIPHERS; i++) {
        if (ciphers[i])
            encipher(ciphers[i], step_is_long ? 1700 + (int)step_round * 77
                                              : 1200);
    }
}

static void *(*digest_fetch)(void *, const char *, const char *);
static int (*digest)(const void *, size_t, unsigned char *, unsigned *,
                     const void *, void *);

static const char *const digest_names[] = {"SHA1",     "SHA2-256", "SHA2-512",
                                           "SHA3-256", "MD5",      "BLAKE2B-512",
                                           "SM3",      "SHA2-224"};
#define DIGESTS (sizeof digest_names / sizeof *digest_names)
static void *digests[DIGESTS];

static const char *open_digests(void)
{
    static const struct import imports[] = {{"EVP_MD_fetch", &digest_fetch},
                                            {"EVP_Digest", &digest},
                                            {NULL, NULL}};
    const char *missing = import("libcrypto.so.3", imports);

    for (unsigned i = 0; i < DIGESTS && !missing; i++)
        digests[i] = digest_fetch(NULL, digest_names[i], NULL);
    return missing;
}

static void crypto_digests(void)
{
    size_t bytes = step_is_long ? 900 + step_round * 301 : 500;
    unsigned done;

    make_text(bytes);
    for (unsigned i = 0; i < DIGESTS; i++) {
        if (digests[i])
            sink = digest(text, bytes, packed, &done, digests[i], NULL);
    }
}

static void *(*number_new)(void);
static void *(*context_new)(void);
static void *(*number_from)(const unsigned char *, int, void *);
static int (*mod_exp)(void *, const void *, const void *, const void *, void *);
static int (*mod_exp_consttime)(void *, const void *, const void *,
                                const void *, void *, void *);
static void *(*mod_inverse)(void *, const void *, const void *, void *);
static void *(*group_new)(int);
static void *(*point_new)(const void *);
static int (*point_mul)(const void *, void *, const void *, const void *,
                        const void *, void *);
#define NID_P256 415

static struct {
    void *context, *base, *exponent, *modulus, *result, *group, *point;
} big;

static const char *open_bignum(void)
{
    static const struct import imports[] = {
        {"BN_new", &number_new},
        {"BN_CTX_new", &context_new},
        {"BN_bin2bn", &number_from},
        {"BN_mod_exp", &mod_exp},
        {"BN_mod_exp_mont_consttime", &mod_exp_consttime},
        {"BN_mod_inverse", &mod_inverse},
        {"EC_GROUP_new_by_curve_name", &group_new},
        {"EC_POINT_new", &point_new},
        {"EC_POINT_mul", &point_mul},
        {NULL, NULL}};
    const char *missing = import("libcrypto.so.3", imports);

    if (missing)
        return missing;
    big.context = context_new();
    big.base = number_new();
    big.exponent = number_new();
    big.modulus = number_new();
    big.result = number_new();
    big.group = group_new(NID_P256);
    big.point = big.group ? point_new(big.group) : NULL;
    return NULL;
}

static void raise_to_power(int bytes, int exponent_bytes)
{
    make_text(512);
    text[bytes - 1] |= 1; /* the modulus is odd, for Montgomery's way */
    number_from(text, bytes, big.modulus);
    number_from(text + 9, bytes - 1, big.base);
    number_from(text + 99, exponent_bytes, big.exponent);
    sink = mod_exp(big.result, big.base, big.exponent, big.modulus,
                   big.context);
    sink = mod_exp_consttime(big.result, big.base, big.exponent, big.modulus,
                             big.context, NULL);
}

static void crypto_bignum(void)
{
    static const int sizes[] = {64, 40, 128, 256};

    for (unsigned i = 0; i < (step_is_long ? 4 : 2); i++)
        raise_to_power(sizes[i], step_is_long ? 4 : 2);
    if (step_is_long)
        sink = mod_inverse(big.result, big.base, big.modulus,
                           big.context) != NULL;
    if (big.point && step_is_long)
        sink = point_mul(big.group, big.point, big.exponent, NULL, NULL,
                         big.context);
}

/* ---- sqlite3 ----------------------------------------------------------- */

static int (*sql_open)(const char *, void **);
static int (*sql_exec)(void *, const char *,
                       int (*)(void *, int, char **, char **), void *, char **);
static int (*sql_close)(void *);

static const char *open_sqlite(void)
{
    static const struct import imports[] = {{"sqlite3_open", &sql_open},
                                            {"sqlite3_exec", &sql_exec},
                                            {"sqlite3_close", &sql_close},
                                            {NULL, NULL}};

    return import("libsqlite3.so.0", imports);
}

static int take_row(void *unused, int columns, char **values, char **names)
{
    (void)unused;
    (void)names;
    sink += columns > 0 && values[0] ? values[0][0] : 1;
    return 0;
}

static const char *const statements[] = {
    "create table t(a integer primary key, b text, c real)",
    "create index i on t(b, c)",
    "insert into t with recursive n(x) as (select 1 union all select x + 1 "
    "from n where x < 12) select x, 'row ' || (x * 37 % 23), x / 7.0 from n",
    "select b, count(*), sum(c) from t group by b order by 2 desc, 1",
    "update t set c = c * 2 where b like 'row 1%'",
    "select x.a, y.b from t x join t y on x.a = y.a + 1 where y.c > 0.5 "
    "order by y.c limit 20",
    "select printf('%08.3f|%s', c, upper(b)), round(avg(c), 2) from t",
    "delete from t where a % 3 = 0",
    "select json_extract('{\"a\": [1, 2, {\"b\": 3}]}', '$.a[2].b')",
    "create view v as select a, rank() over (order by c) r from t",
    "select * from v where r between 2 and 9"};

static void sqlite(void)
{
    unsigned count = sizeof statements / sizeof *statements;
    void *database;

    if (sql_open(":memory:", &database) != 0)
        return;
    for (unsigned i = 0; i < (step_is_long ? count : 3); i++)
        sink = sql_exec(database, statements[i], take_row, NULL, NULL);
    sql_close(database);
}

const struct step_work step_libraries[] = {
    {"zlib", open_zlib, zlib, 1},
    {"crypto-ciphers", open_ciphers, crypto_ciphers, 8},
    {"crypto-digests", open_digests, crypto_digests, 8},
    {"crypto-bignum", open_bignum, crypto_bignum, 1},
    {"sqlite", open_sqlite, sqlite, 1},
    {NULL, NULL, NULL, 0}};
