// SPDX-License-Identifier: Apache-2.0
/*
 * Octets, hex, durations, files, log lines, refusals and metrics. The pool: test_pool.c.
 */
#include "base/bytes.h"
#include "base/cert_type.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/network.h"
#include "base/refusal.h"
#include "base/secrecy.h"
#include "base/shared.h"
#include "base/strbuf.h"
#include "base/uri.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *text;
	int result;
	int64_t ms;
} durations[] = {
	{"0", 0, 0},
	{"300", 0, 300000},
	{"300s", 0, 300000},
	{"250ms", 0, 250},
	{"15m", 0, 900000},
	{"12h", 0, 43200000},
	{"90d", 0, 7776000000LL},
	{"2w", 0, 1209600000LL},
	{"1y", 0, 31536000000LL},
	{"9223372036854775807ms", 0, INT64_MAX},
	{"9223372036854775808ms", -EINVAL, 0},
	{"9223372036854775807", -EINVAL, 0}, /* overflows as seconds */
	{"99999999999999999999", -EINVAL, 0},
	{"", -EINVAL, 0},
	{"s", -EINVAL, 0},
	{"-1s", -EINVAL, 0},
	{" 1s", -EINVAL, 0},
	{"1 s", -EINVAL, 0},
	{"1M", -EINVAL, 0},
	{"1h30m", -EINVAL, 0},
};

START_TEST(test_duration_parse)
{
	int64_t ms = -1;

	ck_assert_int_eq(duration_parse(durations[_i].text, &ms), durations[_i].result);
	ck_assert_int_eq(ms, durations[_i].result == 0 ? durations[_i].ms : -1);
}
END_TEST

/* Expected: date -u -d @seconds +%FT%TZ */
static const struct {
	int64_t ms;
	const char *text;
} times[] = {
	{0, "1970-01-01T00:00:00Z"},
	{999, "1970-01-01T00:00:00Z"},
	{-1, "1969-12-31T23:59:59Z"},
	{-1000, "1969-12-31T23:59:59Z"},
	{951782400000, "2000-02-29T00:00:00Z"},
	{4102444799500, "2099-12-31T23:59:59Z"},
	{INT64_MAX, "9999-12-31T23:59:59Z"},
};

START_TEST(test_spliced_join)
{
	struct octets part = OCTETS_NULL, whole = OCTETS_NULL;
	struct spliced s = {.at = (size_t)_i};
	struct shared *held;

	ck_assert_int_eq(octets_dup(bytes_of_string("PART"), &part), 0);
	ck_assert_int_eq(octets_dup(bytes_of_string("own"), &s.own), 0);
	s.part = shared_new(&part);
	ck_assert_ptr_nonnull(s.part);
	ck_assert_ptr_null(part.data);
	held = shared_ref(s.part);
	ck_assert_int_eq(spliced_join(&s, &whole), 0);
	ck_assert_uint_eq(whole.len, 7);
	ck_assert_int_eq(memcmp(whole.data + _i, "PART", 4), 0);
	ck_assert_int_eq(memcmp(whole.data, "own", (size_t)_i), 0);
	ck_assert_ptr_null(s.part);
	ck_assert(bytes_equal(shared_view(held), bytes_of_string("PART")));
	shared_unref(held);
	shared_unref(NULL);
	octets_clear(&whole);
}
END_TEST

START_TEST(test_bytes_join)
{
	const struct bytes parts[] = {bytes_of_string("a"), BYTES_NULL, bytes_of_string("bc")};
	struct octets whole;

	ck_assert_int_eq(bytes_join(parts, 3, &whole), 0);
	ck_assert(bytes_equal(octets_view(&whole), bytes_of_string("abc")));
	octets_clear(&whole);
	ck_assert_int_eq(bytes_join(parts, 0, &whole), 0);
	ck_assert_uint_eq(whole.len, 0);
	octets_clear(&whole);
}
END_TEST

/* What has no place on the calendar, or another form. */
static const char *const not_times[] = {
	"",
	"2026-11-23",
	"2026-11-23T08:53:00",
	"2026-11-23T08:53:00+01:00",
	"2026-11-23T08:53:00ZZ",
	"2026-11-23 08:53:00Z",
	"2026-02-29T00:00:00Z",
	"2026-13-01T00:00:00Z",
	"2026-11-23T24:00:00Z",
	"2026-11-23T08:60:00Z",
	"2026-1-23T08:53:00Z",
	"20261-11-23T08:53:00Z",
	" 2026-11-23T08:53:00Z",
	"now",
};

START_TEST(test_clock_parse)
{
	int64_t ms = 7;

	ck_assert_int_eq(clock_parse(not_times[_i], &ms), -EINVAL);
	ck_assert_int_eq(ms, 7);
	ck_assert_int_eq(clock_parse("2024-02-29T23:59:59Z", &ms), 0);
	ck_assert_int_eq(ms, INT64_C(1709251199000)); /* date -d 2024-02-29T23:59:59Z +%s */
}
END_TEST

START_TEST(test_clock_format)
{
	char text[21];

	clock_format(times[_i].ms, text);
	ck_assert_str_eq(text, times[_i].text);
}
END_TEST

static const struct {
	const char *hex;
	int result;
	const char *lower; /* of what was read */
} hexes[] = {
	{"", 0, ""},
	{"00ff10", 0, "00ff10"},
	{"DEadBEef", 0, "deadbeef"},
	{"01:02:03", 0, "010203"},
	{"01 02  03", 0, "010203"},
	{"0102030405060708", 0, "0102030405060708"},
	{"0", -EINVAL, ""},
	{"0g", -EINVAL, ""},
	{"g0", -EINVAL, ""},
	{"0:1", -EINVAL, ""},
	{"010", -EINVAL, ""},
	{"010203040506070809", -ENOSPC, ""},
};

START_TEST(test_hex)
{
	uint8_t octets[8];
	char lower[17] = "";
	size_t len = 0;

	ck_assert_int_eq(hex_to_bytes(hexes[_i].hex, octets, sizeof(octets), &len),
			 hexes[_i].result);
	bytes_to_hex((struct bytes){octets, len}, lower);
	ck_assert_str_eq(lower, hexes[_i].lower);
}
END_TEST

START_TEST(test_octets)
{
	struct octets copy = OCTETS_NULL;

	ck_assert(bytes_equal(BYTES_NULL, bytes_of_string("")));
	ck_assert(bytes_equal(bytes_of_string("ab"), BYTES_OF(((uint8_t[]){'a', 'b'}))));
	ck_assert(!bytes_equal(bytes_of_string("ab"), bytes_of_string("ac")));
	ck_assert(!bytes_equal(bytes_of_string("ab"), bytes_of_string("abc")));

	ck_assert_int_eq(octets_dup(bytes_of_string("ab"), &copy), 0);
	ck_assert(bytes_equal(octets_view(&copy), bytes_of_string("ab")));
	octets_clear_secret(&copy);
	ck_assert_ptr_null(copy.data);
	ck_assert_int_eq(octets_dup(BYTES_NULL, &copy), 0);
	ck_assert_ptr_nonnull(copy.data);
	octets_clear(&copy);
	octets_clear(&copy);
}
END_TEST

START_TEST(test_strbuf)
{
	struct strbuf b = STRBUF_NULL;
	char *text = strbuf_take(&b);

	ck_assert_str_eq(text, "");
	free(text);
	for (int i = 0; i < 1000; i++) {
		strbuf_add(&b, "a");
		strbuf_add_n(&b, "bcd", 1);
		strbuf_printf(&b, "%d,", i);
	}
	ck_assert_uint_eq(b.len, 2 * 1000 + 1000 + 10 + 90 * 2 + 900 * 3);
	text = strbuf_take(&b);
	ck_assert_int_eq(strncmp(text, "ab0,ab1,ab2,", 12), 0);
	ck_assert_str_eq(text + strlen(text) - 6, "ab999,");
	free(text);
	ck_assert_ptr_null(b.text);

	strbuf_add(&b, "x");
	b.failed = true; /* as after a failed allocation: nothing half-written comes out */
	strbuf_add(&b, "y");
	ck_assert_ptr_null(strbuf_take(&b));
	ck_assert(!b.failed);
}
END_TEST

/* cert_type.h: IFA 033 11.2.2.2 */
static const struct {
	const char *text;
	int result;
	enum cert_type type;
} cert_types[] = {
	{"ManoCert", 0, CERT_TYPE_MANO},
	{"MANO_CERT", 0, CERT_TYPE_MANO},
	{"VnfciCert", 0, CERT_TYPE_VNFCI},
	{"VNFCI_CERT", 0, CERT_TYPE_VNFCI},
	{"VnfOAMCert", 0, CERT_TYPE_VNF_OAM},
	{"VNFOAM_CERT", 0, CERT_TYPE_VNF_OAM},
	{"vnfcicert", -EINVAL, 0},
	{"", -EINVAL, 0},
};

START_TEST(test_cert_type)
{
	enum cert_type type = 0;

	ck_assert_int_eq(cert_type_parse(cert_types[_i].text, &type), cert_types[_i].result);
	ck_assert_int_eq(type, cert_types[_i].type);
	if (cert_types[_i].result == 0) {
		ck_assert_int_eq(cert_type_parse(cert_type_name(type), &type), 0);
		ck_assert_int_eq(type, cert_types[_i].type);
	}
}
END_TEST

START_TEST(test_cert_handling)
{
	enum cert_handling handling = CERT_HANDLING_NONE;

	ck_assert_str_eq(cert_handling_name(CERT_HANDLING_NONE), "");
	ck_assert_int_eq(cert_handling_parse("", &handling), -EINVAL);
	ck_assert_int_eq(cert_handling_parse("delegation", &handling), 0);
	ck_assert_int_eq(handling, CERT_HANDLING_DELEGATION);
	ck_assert_str_eq(cert_handling_name(handling), "delegation");
	ck_assert_int_eq(cert_handling_parse("direct", &handling), 0);
	ck_assert_str_eq(cert_handling_name(handling), "direct");
}
END_TEST

/* RFC 4210 appendix F, in the order of the bits */
static const char *const rfc4210_failinfo[] = {
	"badAlg",
	"badMessageCheck",
	"badRequest",
	"badTime",
	"badCertId",
	"badDataFormat",
	"wrongAuthority",
	"incorrectData",
	"missingTimeStamp",
	"badPOP",
	"certRevoked",
	"certConfirmed",
	"wrongIntegrity",
	"badRecipientNonce",
	"timeNotAvailable",
	"unacceptedPolicy",
	"unacceptedExtension",
	"addInfoNotAvailable",
	"badSenderNonce",
	"badCertTemplate",
	"signerNotTrusted",
	"transactionIdInUse",
	"unsupportedVersion",
	"notAuthorized",
	"systemUnavail",
	"systemFailure",
	"duplicateCertReq",
};

START_TEST(test_failinfo_names_rfc4210)
{
	ck_assert_uint_eq(ARRAY_LEN(rfc4210_failinfo), FAIL_COUNT);
	for (int i = 0; i < FAIL_COUNT; i++) {
		ck_assert_str_eq(failinfo_name(i), rfc4210_failinfo[i]);
	}
	ck_assert_str_eq(failinfo_name(-1), "");
	ck_assert_str_eq(failinfo_name(FAIL_COUNT), "");
}
END_TEST

START_TEST(test_refusal_rows)
{
	for (int i = 1; i < REFUSAL_COUNT; i++) {
		struct refusal r = REFUSAL_NULL;

		ck_assert_int_eq(refuse(&r, (enum refusal_reason)i), REFUSED);
		ck_assert_int_eq(r.reason, i);
		ck_assert_str_ne(failinfo_name(r.failinfo), "");
		ck_assert_ptr_null(r.detail);
		ck_assert_str_ne(refusal_text(r.reason), "");
		ck_assert_str_ne(refusal_code(r.reason), "");
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(refusal_code(r.reason), refusal_code(j));
	}
}
END_TEST

/* What the binding of IFA 033 11.2 to HTTP says of each failInfo, and of rows with their own. */
static const struct {
	enum refusal_reason reason;
	int status;
} http_statuses[] = {
	{REFUSAL_client_not_permitted, 403},  /* notAuthorized */
	{REFUSAL_entity_not_authorized, 404}, /* what is another's does not exist */
	{REFUSAL_rev_cert_unknown, 404},      /* badCertId */
	{REFUSAL_rev_cert_revoked, 409},      /* certRevoked */
	{REFUSAL_registration_conflict, 409}, /* badRequest */
	{REFUSAL_register_malformed, 400},    /* badDataFormat */
	{REFUSAL_pop_algorithm, 422},         /* badAlg */
	{REFUSAL_pop_signature_wrong, 422},   /* badPOP */
	{REFUSAL_public_key_malformed, 422},  /* badCertTemplate */
	{REFUSAL_rev_entry_unknown, 422},     /* unacceptedExtension */
	{REFUSAL_attester_no_ca, 422},        /* badRequest */
	{REFUSAL_signer_not_trusted, 401},    /* signerNotTrusted */
	{REFUSAL_system_unavailable, 503},    /* systemUnavail */
	{REFUSAL_system_failure, 500},        /* systemFailure */
	{REFUSAL_upstream_unavailable, 504},  /* systemUnavail */
};

/* A row of help without a refusal, or the other way round, does not compile. */
START_TEST(test_refusal_help)
{
	size_t n;
	const struct refusal_help *rows = refusal_help_rows(&n);

	ck_assert_uint_eq(n, REFUSAL_COUNT - 1);
	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_eq(refusal_help(rows[i].reason), &rows[i]);
		ck_assert_str_ne(rows[i].clause, "");
		ck_assert_ptr_nonnull(strchr(rows[i].advice, ' '));
		/* A cell of a table. */
		ck_assert_ptr_null(strchr(rows[i].advice, '|'));
		ck_assert_ptr_null(strchr(rows[i].clause, '|'));
	}
	ck_assert_ptr_null(refusal_help(REFUSAL_NONE));
	ck_assert_str_eq(refusal_help(REFUSAL_pop_missing)->clause, "RFC 4211 4");
}
END_TEST

static const struct {
	const char *text;
	enum refusal_reason nearest; /* REFUSAL_NONE: nothing is like it */
} nearest_rows[] = {
	{"entity_not_autorized", REFUSAL_entity_not_authorized},
	{"not_authorized", REFUSAL_entity_not_authorized},
	{"pop_mising", REFUSAL_pop_missing},
	{"pop_missing", REFUSAL_pop_missing},
	{"xyz", REFUSAL_NONE},
	{"", REFUSAL_NONE},
	{"a_text_that_is_so_long_that_no_code_of_a_refusal_was_ever_as_long_as_it", REFUSAL_NONE},
};

START_TEST(test_refusal_nearest)
{
	enum refusal_reason found[2] = {REFUSAL_NONE};
	size_t n = refusal_nearest(nearest_rows[_i].text, found, ARRAY_LEN(found));

	ck_assert_int_eq(found[0], nearest_rows[_i].nearest);
	ck_assert_int_eq(n > 0, nearest_rows[_i].nearest != REFUSAL_NONE);
}
END_TEST

START_TEST(test_refusal_http_status)
{
	struct refusal r = REFUSAL_NULL;

	refuse(&r, http_statuses[_i].reason);
	ck_assert_int_eq(refusal_http_status(&r), http_statuses[_i].status);
}
END_TEST

/* An upstream CA gives a failInfo of its own. */
START_TEST(test_refusal_http_status_of_upstream)
{
	struct refusal r = REFUSAL_NULL;

	refuse(&r, REFUSAL_upstream_rejected);
	r.failinfo = FAIL_BAD_CERT_TEMPLATE;
	ck_assert_int_eq(refusal_http_status(&r), 422);
}
END_TEST

START_TEST(test_refusal_detail)
{
	struct refusal r = REFUSAL_NULL;

	ck_assert_int_eq(refuse_detail(&r, REFUSAL_pop_signature_wrong, "why"), REFUSED);
	ck_assert_int_eq(r.failinfo, 9); /* badPOP */
	ck_assert_str_eq(r.detail, "why");
	ck_assert_str_eq(refusal_code(r.reason), "pop_signature_wrong");
}
END_TEST

/* Log lines go to a memory file; the time at the start of each is cut off. */
static int log_file(enum log_format format, enum log_level level)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	log_setup(fd, format, level);
	return fd;
}

static const char *log_take(int fd, char *buffer, size_t size)
{
	ssize_t n = pread(fd, buffer, size - 1, 0);
	const char *level;

	ck_assert_int_ge(n, 0);
	buffer[n] = '\0';
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	close(fd);
	level = strstr(buffer, "level");
	return level ? level : buffer;
}

static const struct {
	const char *value;
	const char *logfmt;
	const char *json; /* RFC 8259 7 */
} log_values[] = {
	{"plain", "plain", "\"plain\""},
	{"", "\"\"", "\"\""},
	{"two words", "\"two words\"", "\"two words\""},
	{"a=b", "\"a=b\"", "\"a=b\""},
	{"say \"hi\"", "\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\""},
	{"back\\slash", "\"back\\\\slash\"", "\"back\\\\slash\""},
	{"forged\nlevel=error", "\"forged\\nlevel=error\"", "\"forged\\nlevel=error\""},
	{"\x1b[2J", "\"\\u001b[2J\"", "\"\\u001b[2J\""},
	{"\x7f", "\"\\u007f\"", "\"\\u007f\""},
	{"\xc2\x9b", "\"\\u009b\"", "\"\\u009b\""},
	/* The controls of direction of Unicode's UAX 9: "user\u202enimda" reads as "useradmin" */
	{"u\xe2\x80\xae", "\"u\\u202e\"", "\"u\\u202e\""},
	{"\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9", "\"\\u202a\\u2066\\u2069\"",
	 "\"\\u202a\\u2066\\u2069\""},
	{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\"\\u200e\\u200f\\u061c\"",
	 "\"\\u200e\\u200f\\u061c\""},
	{"\xe2\x80\xa8\xef\xbb\xbf", "\"\\u2028\\ufeff\"", "\"\\u2028\\ufeff\""},
	{"\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"", "\"\\udb40\\udc41\""}, /* tag, U+E0041 */
	/* Their neighbours are text. */
	{"\xe2\x80\xa7\xe2\x80\xaf", "\"\xe2\x80\xa7\xe2\x80\xaf\"",
	 "\"\xe2\x80\xa7\xe2\x80\xaf\""},
	{"\xc2\xa0", "\"\xc2\xa0\"", "\"\xc2\xa0\""},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
	 "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	{"\xff", "\"\\ufffd\"", "\"\\ufffd\""},
	{"cut\xe2\x82", "\"cut\\ufffd\\ufffd\"", "\"cut\\ufffd\\ufffd\""},
	{"\xc0\xaf", "\"\\ufffd\\ufffd\"", "\"\\ufffd\\ufffd\""},                   /* overlong */
	{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "\"\\ufffd\\ufffd\\ufffd\""}, /* surrogate */
};

START_TEST(test_log_escapes)
{
	const char *value = log_values[_i].value;
	char buffer[512], expected[512];
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);

	log_event(LOG_LEVEL_INFO, "e", F_TEXT("v", value), F_INT("n", 1));
	snprintf(expected, sizeof(expected), "level=info event=e v=%s n=1\n",
		 log_values[_i].logfmt);
	ck_assert_str_eq(log_take(fd, buffer, sizeof(buffer)), expected);

	fd = log_file(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	log_event(LOG_LEVEL_INFO, "e", F_TEXT("v", value), F_INT("n", 1));
	snprintf(expected, sizeof(expected), "level\":\"info\",\"event\":\"e\",\"v\":%s,\"n\":1}\n",
		 log_values[_i].json);
	ck_assert_str_eq(log_take(fd, buffer, sizeof(buffer)), expected);
	ck_assert_int_eq(strncmp(buffer, "{\"time\":\"20", 11), 0);
}
END_TEST

START_TEST(test_log_kinds)
{
	uint8_t octets[] = {0x00, 0xab};
	char buffer[512];
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);

	log_event(LOG_LEVEL_WARNING, "e", F_TEXT("absent", NULL), F_INT("low", INT64_MIN),
		  F_HEX("hex", BYTES_OF(octets)), F_HEX("none", BYTES_NULL));
	ck_assert_str_eq(log_take(fd, buffer, sizeof(buffer)),
			 "level=warning event=e low=-9223372036854775808 hex=00ab\n");
	/* time=2026-11-23T08:53:00.123Z */
	ck_assert_int_eq(strncmp(buffer, "time=20", 7), 0);
	ck_assert_int_eq(strncmp(buffer + 24, ".", 1), 0);
	ck_assert_int_eq(strncmp(buffer + 28, "Z level=", 8), 0);
}
END_TEST

START_TEST(test_log_level)
{
	char buffer[512];
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_WARNING);

	ck_assert(log_enabled(LOG_LEVEL_ERROR));
	ck_assert(!log_enabled(LOG_LEVEL_INFO));
	log_event(LOG_LEVEL_INFO, "e", F_INT("n", 1));
	ck_assert_str_eq(log_take(fd, buffer, sizeof(buffer)), "");
}
END_TEST

/* systemd.exec(5), sd-daemon(3): the priority of each line, where it is the journal that reads. */
START_TEST(test_log_of_the_journal)
{
	static const char *const begins[] = {"<3>time=", "<4>time=", "<6>time=", "<7>time="};
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_DEBUG);
	char stream[64], buffer[4096];
	const char *line = buffer;
	struct stat st;
	ssize_t n;

	ck_assert_int_eq(fstat(fd, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup(fd, LOG_FORMAT_LOGFMT, LOG_LEVEL_DEBUG);
	for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
		log_event(level, "e", F_INT("n", 1));
	snprintf(stream, sizeof(stream), "1:1");
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup(fd, LOG_FORMAT_LOGFMT, LOG_LEVEL_DEBUG);
	log_event(LOG_LEVEL_ERROR, "e", F_INT("n", 1));
	unsetenv("JOURNAL_STREAM");
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	n = pread(fd, buffer, sizeof(buffer) - 1, 0);
	ck_assert_int_gt(n, 0);
	buffer[n] = '\0';
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		ck_assert_int_eq(strncmp(line, begins[i], strlen(begins[i])), 0);
		line = strchr(line, '\n') + 1;
	}
	/* What is somebody else's stream begins as ever. */
	ck_assert_int_eq(strncmp(line, "time=", 5), 0);
}
END_TEST

/* RFC 7512 2.4: pin-value is the PIN itself. */
START_TEST(test_pin_is_not_logged)
{
	char buffer[1024];
	int fd = log_file(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	const char *line;

	log_event(LOG_LEVEL_INFO, "e",
		  F_TEXT("detail", "cannot read pkcs11:token=t;object=o?pin-value=4711&x=1: no"),
		  F_TEXT("next", "after"));
	line = log_take(fd, buffer, sizeof(buffer));
	ck_assert_ptr_nonnull(strstr(line, "?pin-value=*&x=1: no\",\"next\":\"after\"}\n"));
	ck_assert_ptr_null(strstr(line, "4711"));
}
END_TEST

START_TEST(test_pin_mask)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"pkcs11:object=o?pin-value=1234", "pkcs11:object=o?pin-value=*"},
		{"engine:pkcs11:pkcs11:object=o;PIN-VALUE=12%34;token=t\n[x]",
		 "engine:pkcs11:pkcs11:object=o;PIN-VALUE=*;token=t\n[x]"},
		{"\"a?pin-value=1\" b?pin-value=2 c", "\"a?pin-value=*\" b?pin-value=* c"},
		{"pin-value=", "pin-value="},
		{"pin-source=file:/x", "pin-source=file:/x"},
		{"a postgresql://u:se:cret@h1,h2:5432/d?x=a@b c",
		 "a postgresql://u:*@h1,h2:5432/d?x=a@b c"},
		{"postgresql://h1:5432/d?user=a@b", "postgresql://h1:5432/d?user=a@b"},
		{"postgresql://u@h/d, postgresql://u:p@/d",
		 "postgresql://u@h/d, postgresql://u:*@/d"},
		{"postgres://u:p@h/d", "postgres://u:*@h/d"},
		{"postgresql:///d?password=secret&sslpassword=other x",
		 "postgresql:///d?password=*&sslpassword=* x"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[128];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		uri_pin_mask(text);
		ck_assert_str_eq(text, cases[i].masked);
	}
}
END_TEST

/* Never the kernel's name of what is something else here. */
START_TEST(test_error_text)
{
	ck_assert_str_eq(error_text(-ENOENT), "No such file or directory");
	ck_assert_str_eq(error_text(-EBADMSG),
			 "what it holds is malformed, damaged, or not authentic");
	ck_assert_str_eq(error_text(-100000), "unknown error");
}
END_TEST

START_TEST(test_log_fault)
{
	char buffer[1024];
	const char *line;
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);

	ERR_raise_data(ERR_LIB_ASN1, ASN1_R_TOO_LONG, "reason=%d", 7);
	ck_assert_int_eq(log_fault("reading a thing", -ENOENT, NULL), -ENOENT);
	line = log_take(fd, buffer, sizeof(buffer));
	ck_assert_ptr_nonnull(strstr(line, "level=error event=fault what=\"reading a thing\" "
					   "error=\"No such file or directory\" openssl=\""));
	ck_assert_ptr_nonnull(strstr(line, "too long"));
	ck_assert_ptr_nonnull(strstr(line, "(reason=7)"));
	ck_assert_ptr_null(strstr(line, "detail="));
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* The lines that `fd` has, and the sum of the faults that they tell of. */
static int fault_lines(const char *text, uint64_t *faultsp)
{
	int lines = 0;

	*faultsp = 0;
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		const char *repeated = memmem(text, (size_t)(end - text), " repeated=", 10);

		lines++;
		*faultsp += memmem(text, (size_t)(end - text), " detail=", 8) ? 1 : 0;
		*faultsp += repeated ? strtoull(repeated + 10, NULL, 10) : 0;
	}
	return lines;
}

/* A full disk or table of descriptors makes the same fault thousands of times a second. */
START_TEST(test_log_fault_repeated)
{
	const int64_t hour_us = INT64_C(3600) * 1000 * 1000;
	char buffer[4096];
	uint64_t faults;
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);

	for (int i = 0; i < 1000; i++) {
		ERR_raise(ERR_LIB_ASN1, ASN1_R_TOO_LONG);
		ck_assert_int_eq(log_fault_every(hour_us, "repeats", -EIO, "x"), -EIO);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
	ck_assert_int_eq(log_fault_every(hour_us, "repeats", -ENOSPC, "x"), -ENOSPC);
	ck_assert_int_eq(log_fault_every(hour_us, "repeats elsewhere", -EIO, "x"), -EIO);
	/* One that may still repeat is not told yet; after its time it is, once. */
	log_faults_tell(clock_monotonic_us());
	log_faults_tell(clock_monotonic_us() + 3 * hour_us);
	log_faults_tell(INT64_MAX);
	log_take(fd, buffer, sizeof(buffer));
	ck_assert_int_eq(fault_lines(buffer, &faults), 4);
	ck_assert_uint_eq(faults, 1002);
	ck_assert_ptr_nonnull(
		strstr(buffer, "what=repeats error=\"Input/output error\" repeated=999\n"));

	/* Without an interval each has its line. */
	fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(log_fault_every(0, "each", -EIO, "x"), -EIO);
	log_take(fd, buffer, sizeof(buffer));
	ck_assert_int_eq(fault_lines(buffer, &faults), 3);
	ck_assert_uint_eq(faults, 3);
}
END_TEST

/* More kinds than there are places: none is lost, and the count of one that gives way is told. */
START_TEST(test_log_fault_of_many_kinds)
{
	const int64_t hour_us = INT64_C(3600) * 1000 * 1000;
	static char buffer[1 << 16];
	uint64_t faults;
	int fd = log_file(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);

	for (int i = 0; i < 300; i++) {
		char what[16];

		snprintf(what, sizeof(what), "kind %d", i);
		for (int again = 0; again < 2; again++)
			ck_assert_int_eq(log_fault_every(hour_us, what, -EIO, "x"), -EIO);
	}
	log_faults_tell(INT64_MAX);
	log_take(fd, buffer, sizeof(buffer));
	ck_assert_int_eq(fault_lines(buffer, &faults), 600);
	ck_assert_uint_eq(faults, 600);
}
END_TEST

/* Loop: as it is, and as a debugger wants it. */
START_TEST(test_secrecy)
{
	const struct rlimit some = {.rlim_cur = 4096, .rlim_max = 4096};
	bool debuggable = _i == 1;
	struct rlimit limit;
	uint8_t *key;

	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &some), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	if (debuggable)
		setenv("CMFD_DEBUGGABLE", "1", 1);
	else
		unsetenv("CMFD_DEBUGGABLE");
	secrecy_begin();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), debuggable ? 1 : 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, debuggable ? some.rlim_cur : 0);
	ck_assert_uint_eq(limit.rlim_max, debuggable ? some.rlim_max : 0);
	/* Keys lie in the heap for them. */
	key = OPENSSL_secure_zalloc(32);
	ck_assert_int_eq(CRYPTO_secure_allocated(key), 1);
	OPENSSL_secure_clear_free(key, 32);
	unsetenv("CMFD_DEBUGGABLE");
}
END_TEST

static char directory[32];

static void directory_new(void)
{
	strcpy(directory, "/tmp/test_base.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

/* The number of files that were there; all are removed. */
static int directory_remove(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		ck_assert_int_eq(unlinkat(dirfd(dir), entry->d_name, 0), 0);
		n++;
	}
	closedir(dir);
	ck_assert_int_eq(rmdir(directory), 0);
	return n;
}

START_TEST(test_file_write_durable)
{
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	char path[64], missing[64];
	struct stat st;

	directory_new();
	snprintf(path, sizeof(path), "%s/file", directory);
	snprintf(missing, sizeof(missing), "%s/none/file", directory);
	ck_assert_int_eq(file_write_durable(path, bytes_of_string("old"), 0640), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(file_write_durable(path, bytes_of_string("newer"), 0600), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(file_read(path, 100, &content), 0);
	ck_assert(bytes_equal(octets_view(&content), bytes_of_string("newer")));
	ck_assert_int_eq(file_write_durable(missing, bytes_of_string("x"), 0600), -ENOENT);
	ck_assert_int_eq(directory_remove(), 1); /* no temporary is left */
}
END_TEST

START_TEST(test_file_write_failure_leaves_nothing)
{
	char path[64], inside[80];

	directory_new();
	snprintf(path, sizeof(path), "%s/d", directory);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	/* A directory cannot be renamed over. */
	ck_assert_int_eq(file_write_durable(path, bytes_of_string("x"), 0600), -EISDIR);
	snprintf(inside, sizeof(inside), "%s/x", path);
	ck_assert_int_eq(access(inside, F_OK), -1);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(directory_remove(), 0);
}
END_TEST

START_TEST(test_file_read_limits)
{
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	char path[64];

	directory_new();
	snprintf(path, sizeof(path), "%s/file", directory);
	ck_assert_int_eq(file_write_durable(path, bytes_of_string("12345"), 0600), 0);
	ck_assert_int_eq(file_read(path, 4, &content), -EFBIG);
	ck_assert_int_eq(file_read(path, 5, &content), 0);
	ck_assert_uint_eq(content.len, 5);
	octets_clear(&content);
	ck_assert_int_eq(file_read(directory, 5, &content), -EISDIR);
	ck_assert_int_eq(directory_remove(), 1);
	ck_assert_int_eq(file_read(path, 5, &content), -ENOENT);
	/* Size unknown beforehand. */
	ck_assert_int_eq(file_read("/proc/self/status", 100, &content), -EFBIG);
	ck_assert_int_eq(file_read("/proc/self/status", 1 << 20, &content), 0);
	ck_assert_int_eq(strncmp((char *)content.data, "Name:", 5), 0);
}
END_TEST

static void assert_line(const char *text, const char *line)
{
	_cleanup_(freep) char *whole = NULL;

	ck_assert_int_gt(asprintf(&whole, "\n%s\n", line), 0);
	ck_assert_msg(strstr(text, whole) != NULL, "no line %s in\n%s", line, text);
}

static const char *const metric_lines[] = {
	"# TYPE cmfd_requests_total counter",
	"cmfd_requests_total{operation=\"ir\",outcome=\"accepted\"} 2",
	"cmfd_requests_total{operation=\"ir\",outcome=\"rejected\"} 1",
	"cmfd_requests_total{operation=\"certConf\",outcome=\"replayed\"} 0",
	"cmfd_failinfo_total{failinfo=\"badPOP\"} 1",
	"cmfd_failinfo_total{failinfo=\"badAlg\"} 0",
	"# TYPE cmfd_request_duration_seconds histogram",
	"cmfd_request_duration_seconds_bucket{operation=\"ir\",le=\"0.0005\"} 1", /* bounds
										     inclusive */
	"cmfd_request_duration_seconds_bucket{operation=\"ir\",le=\"0.001\"} 2",
	"cmfd_request_duration_seconds_bucket{operation=\"ir\",le=\"10\"} 2",
	"cmfd_request_duration_seconds_bucket{operation=\"ir\",le=\"+Inf\"} 3",
	"cmfd_request_duration_seconds_sum{operation=\"ir\"} 20.001001",
	"cmfd_request_duration_seconds_count{operation=\"ir\"} 3",
	"cmfd_upstream_requests_total{ca=\"a\\\"b\",result=\"ok\"} 1",
	"cmfd_upstream_requests_total{ca=\"a\\\"b\",result=\"failed\"} 1",
	"cmfd_upstream_duration_seconds_bucket{ca=\"a\\\"b\",le=\"1\"} 1",
	"cmfd_upstream_duration_seconds_count{ca=\"a\\\"b\"} 2",
	"# TYPE cmfd_connections gauge",
	"cmfd_connections 1",
	"cmfd_connections_refused_total 1",
	"cmfd_refusals_total{reason=\"pop_signature_wrong\"} 1",
	"cmfd_queue_full_total 1",
	"cmfd_strangers_refused_total 1",
	"cmfd_notifications_total{result=\"delivered\"} 2",
	"cmfd_notifications_total{result=\"failed\"} 1",
};

START_TEST(test_metrics_text)
{
	struct metrics *m = metrics_new();
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;
	struct metrics_upstream upstream;
	struct refusal refusal;

	ck_assert_ptr_nonnull(m);
	metrics_request(m, METRIC_OP_ir, METRIC_ACCEPTED, NULL, 500);
	metrics_request(m, METRIC_OP_ir, METRIC_ACCEPTED, NULL, 501);
	refuse(&refusal, REFUSAL_pop_signature_wrong);
	metrics_request(m, METRIC_OP_ir, METRIC_REJECTED, &refusal, 20000000);
	metrics_upstream(m, "a\"b", 1000000, 1);
	metrics_upstream(m, "a\"b", 1000001, 0);
	metrics_upstream_get(m, "a\"b", &upstream);
	ck_assert(upstream.ok == 1 && upstream.failed == 1 && upstream.last_failed);
	metrics_upstream(m, "c", 1, 0);
	metrics_upstream(m, "c", 1, 1);
	metrics_upstream_get(m, "c", &upstream);
	ck_assert(upstream.ok == 1 && upstream.failed == 1 && !upstream.last_failed);
	metrics_upstream_get(m, "another", &upstream);
	ck_assert(upstream.ok == 0 && upstream.failed == 0 && !upstream.last_failed);
	for (int i = 2; i < 64; i++) {
		char name[8];

		snprintf(name, sizeof(name), "ca%d", i);
		metrics_upstream(m, name, 1, 1);
	}
	metrics_upstream(m, "beyond", 1, 1);
	metrics_connection(m, 1);
	metrics_connection(m, 1);
	metrics_connection(m, -1);
	metrics_connection_refused(m);
	metrics_queue_full(m);
	metrics_stranger_refused(m);
	metrics_notification(m, true);
	metrics_notification(m, true);
	metrics_notification(m, false);
	strbuf_add(&out, "\n");
	metrics_write(m, &out);
	ck_assert(!out.failed);
	for (size_t i = 0; i < ARRAY_LEN(metric_lines); i++)
		assert_line(out.text, metric_lines[i]);
	ck_assert_ptr_null(strstr(out.text, "beyond"));
	ck_assert_ptr_null(strstr(out.text, "duration_seconds_count{operation=\"cr\"}"));
	metrics_free(m);
}
END_TEST

START_TEST(test_metrics_gauge)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;

	metrics_gauge(&out, "g", "What it is.", "state=\"active\"", 3);
	metrics_gauge(&out, "g", NULL, "state=\"revoked\"", -1);
	metrics_gauge(&out, "h", "Bare.", NULL, 0);
	ck_assert_str_eq(out.text, "# HELP g What it is.\n# TYPE g gauge\n"
				   "g{state=\"active\"} 3\ng{state=\"revoked\"} -1\n"
				   "# HELP h Bare.\n# TYPE h gauge\nh 0\n");
}
END_TEST

/* Pairs of addresses: whether limits take them for one peer. */
static const struct {
	const char *a;
	const char *b;
	bool same;
} networks[] = {
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.2", false},
	{"192.0.2.1", "::ffff:192.0.2.1", true},
	{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
	{"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
	{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
	{"::1", "::2", true},
	{"::1", "0.0.0.0", false},
	{"::1", "unix", false},
	{"unix", "unix", true},
};

/* "unix" is no IP address. */
static const struct sockaddr *address_parse(const char *text)
{
	static struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = 1};
	static struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = 2};
	static const struct sockaddr none = {.sa_family = AF_UNIX};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return (struct sockaddr *)&in;
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		return (struct sockaddr *)&in6;
	return &none;
}

START_TEST(test_network)
{
	struct network a = network_of(address_parse(networks[_i].a));
	struct network b = network_of(address_parse(networks[_i].b));

	ck_assert_int_eq(network_equal(&a, &b), networks[_i].same);
	ck_assert_int_eq(a.len > 0, strcmp(networks[_i].a, "unix") != 0);
}
END_TEST

/* IANA's registries of special-purpose addresses, at the edges of each range. */
static const struct {
	const char *address;
	enum network_reach reach;
} reaches[] = {
	{"8.8.8.8", NETWORK_GLOBAL},
	{"0.0.0.0", NETWORK_NOWHERE},
	{"0.255.255.255", NETWORK_NOWHERE},
	{"1.0.0.0", NETWORK_GLOBAL},
	{"10.0.0.0", NETWORK_PRIVATE},
	{"10.255.255.255", NETWORK_PRIVATE},
	{"11.0.0.0", NETWORK_GLOBAL},
	{"100.63.255.255", NETWORK_GLOBAL},
	{"100.64.0.0", NETWORK_PRIVATE},
	{"100.127.255.255", NETWORK_PRIVATE},
	{"100.128.0.0", NETWORK_GLOBAL},
	{"127.0.0.1", NETWORK_LOOPBACK},
	{"127.255.255.255", NETWORK_LOOPBACK},
	{"128.0.0.0", NETWORK_GLOBAL},
	{"169.254.169.254", NETWORK_LINK_LOCAL},
	{"172.15.255.255", NETWORK_GLOBAL},
	{"172.16.0.0", NETWORK_PRIVATE},
	{"172.31.255.255", NETWORK_PRIVATE},
	{"172.32.0.0", NETWORK_GLOBAL},
	{"192.0.0.8", NETWORK_NOWHERE},
	{"192.0.2.1", NETWORK_NOWHERE},
	{"192.88.99.1", NETWORK_NOWHERE},
	{"192.167.255.255", NETWORK_GLOBAL},
	{"192.168.0.1", NETWORK_PRIVATE},
	{"192.169.0.0", NETWORK_GLOBAL},
	{"198.18.0.0", NETWORK_NOWHERE},
	{"198.19.255.255", NETWORK_NOWHERE},
	{"198.51.100.7", NETWORK_NOWHERE},
	{"203.0.113.7", NETWORK_NOWHERE},
	{"223.255.255.255", NETWORK_GLOBAL},
	{"224.0.0.1", NETWORK_NOWHERE},
	{"255.255.255.255", NETWORK_NOWHERE},
	{"::", NETWORK_NOWHERE},
	{"::1", NETWORK_LOOPBACK},
	{"::2", NETWORK_NOWHERE},
	{"::127.0.0.1", NETWORK_NOWHERE},
	{"::ffff:127.0.0.1", NETWORK_LOOPBACK},
	{"::ffff:10.1.2.3", NETWORK_PRIVATE},
	{"::ffff:8.8.8.8", NETWORK_GLOBAL},
	{"64:ff9b::a9fe:a9fe", NETWORK_LINK_LOCAL},
	{"64:ff9b::808:808", NETWORK_GLOBAL},
	{"64:ff9b:1::7f00:1", NETWORK_NOWHERE},
	{"2001:0:1::1", NETWORK_NOWHERE},
	{"2001:1ff:ffff::1", NETWORK_NOWHERE},
	{"2001:200::1", NETWORK_GLOBAL},
	{"2001:db8::1", NETWORK_NOWHERE},
	{"2002:7f00:1::1", NETWORK_LOOPBACK},
	{"2002:808:808::1", NETWORK_GLOBAL},
	{"2606:4700:4700::1111", NETWORK_GLOBAL},
	{"3fff:fff::1", NETWORK_NOWHERE},
	{"4000::1", NETWORK_NOWHERE},
	{"fc00::1", NETWORK_PRIVATE},
	{"fdff::1", NETWORK_PRIVATE},
	{"fe80::1", NETWORK_LINK_LOCAL},
	{"febf::1", NETWORK_LINK_LOCAL},
	{"fec0::1", NETWORK_PRIVATE},
	{"ff02::1", NETWORK_NOWHERE},
	{"unix", NETWORK_NOWHERE},
};

/* RFC 3986 A and 6.2.2, RFC 5280 4.2.1.6; examples of RFC 3986 1.1.2 */
static const struct uri_case {
	const char *text;
	const char *host; /* NULL: it is no URI */
} uri_cases[] = {
	{"urn:oasis:names:specification:docbook:dtd:xml:4.1.2", ""},
	{"mailto:John.Doe@example.com", ""},
	{"tel:+1-816-555-1212", ""},
	{"http://www.ietf.org/rfc/rfc2396.txt", "www.ietf.org"},
	{"ldap://[2001:db8::7]/c=GB?objectClass?one", "2001:db8::7"},
	{"telnet://192.0.2.16:80/", "192.0.2.16"},
	{"ftp://ftp.is.co.za/rfc/rfc1808.txt", "ftp.is.co.za"},
	{"spiffe://example.net/vnf%2F1", "example.net"},
	{"HTTP://Host.example?q=1#x", "Host.example"},
	{"x:a/...", ""},
	{"x:@", ""},
	{"http://www.ietf.org:", NULL},
	{"http://www.ietf.org:8o", NULL},
	{"http://www.ietf.org:123456", NULL},
	{"http://user@www.ietf.org/", NULL},
	{"http://good.example?@bad.example", "good.example"},
	{"http:///path", NULL},
	{"http://?q", NULL},
	{"http://-x/", NULL},
	{"http://192.0.2.256/", NULL},
	{"http://0x7f.0x1/", NULL},
	{"http://host.0X/", NULL},
	{"http://host.0xg/", "host.0xg"},
	{"http://host:65535/", "host"},
	{"http://host:65536/", NULL},
	{"http://[2001:db8::7/", NULL},
	{"http://[2001:db8::7]x/", NULL},
	{"http://[2001:db8:0::7]/", NULL},
	{"http://[v1.x]/", NULL},
	{"http://host%2Eexample/", NULL},
	{"http://host/[", NULL},
	{"http://host/a/../b", NULL},
	{"http://host/.", NULL},
	{"urn:..", NULL},
	{"http://host/%", NULL},
	{"http://host/%4", NULL},
	{"http://host/%41", NULL},
	{"http://host/%2f", NULL},
	{"http://host/a b", NULL},
	{"http://host/\xc3\xa9", NULL},
	{"http://host/\"", NULL},
	{"http://host/#a#b", NULL},
	{"//host/path", NULL},
	{"/path:x", NULL},
	{"1x:y", NULL},
	{":y", NULL},
	{"x:", NULL},
	{"x", NULL},
	{"", NULL},
};

START_TEST(test_uri_rfc3986)
{
	const struct uri_case *c = &uri_cases[_i];
	struct uri uri;
	const char *fault = uri_read(bytes_of_string(c->text), &uri);

	ck_assert_msg(!fault == (c->host != NULL), "%s: %s", c->text, fault ? fault : "is one");
	if (c->host)
		ck_assert_msg(bytes_equal(uri.host, bytes_of_string(c->host)), "%s", c->text);
}
END_TEST

START_TEST(test_uri_with_nul)
{
	static const uint8_t text[] = "http://good.example\0.bad.example/";
	struct uri uri;

	ck_assert_ptr_nonnull(uri_read((struct bytes){text, sizeof(text) - 1}, &uri));
}
END_TEST

START_TEST(test_network_reach)
{
	ck_assert_int_eq(network_reach(address_parse(reaches[_i].address)), reaches[_i].reach);
}
END_TEST

static Suite *base_suite(void)
{
	Suite *suite = suite_create("base");
	TCase *tc = tcase_create("base");

	tcase_add_loop_test(tc, test_duration_parse, 0, ARRAY_LEN(durations));
	tcase_add_loop_test(tc, test_clock_format, 0, ARRAY_LEN(times));
	tcase_add_loop_test(tc, test_spliced_join, 0, 4);
	tcase_add_test(tc, test_bytes_join);
	tcase_add_loop_test(tc, test_clock_parse, 0, ARRAY_LEN(not_times));
	tcase_add_loop_test(tc, test_hex, 0, ARRAY_LEN(hexes));
	tcase_add_test(tc, test_octets);
	tcase_add_test(tc, test_strbuf);
	tcase_add_loop_test(tc, test_cert_type, 0, ARRAY_LEN(cert_types));
	tcase_add_test(tc, test_cert_handling);
	tcase_add_test(tc, test_failinfo_names_rfc4210);
	tcase_add_test(tc, test_refusal_rows);
	tcase_add_test(tc, test_refusal_help);
	tcase_add_loop_test(tc, test_refusal_nearest, 0, ARRAY_LEN(nearest_rows));
	tcase_add_loop_test(tc, test_refusal_http_status, 0, ARRAY_LEN(http_statuses));
	tcase_add_test(tc, test_refusal_http_status_of_upstream);
	tcase_add_test(tc, test_refusal_detail);
	tcase_add_loop_test(tc, test_log_escapes, 0, ARRAY_LEN(log_values));
	tcase_add_test(tc, test_log_kinds);
	tcase_add_test(tc, test_log_level);
	tcase_add_loop_test(tc, test_secrecy, 0, 2);
	tcase_add_test(tc, test_log_of_the_journal);
	tcase_add_test(tc, test_pin_is_not_logged);
	tcase_add_test(tc, test_pin_mask);
	tcase_add_test(tc, test_error_text);
	tcase_add_test(tc, test_log_fault);
	tcase_add_test(tc, test_log_fault_repeated);
	tcase_add_test(tc, test_log_fault_of_many_kinds);
	tcase_add_test(tc, test_file_write_durable);
	tcase_add_test(tc, test_file_write_failure_leaves_nothing);
	tcase_add_test(tc, test_file_read_limits);
	tcase_add_test(tc, test_metrics_text);
	tcase_add_test(tc, test_metrics_gauge);
	tcase_add_loop_test(tc, test_network, 0, ARRAY_LEN(networks));
	tcase_add_loop_test(tc, test_network_reach, 0, ARRAY_LEN(reaches));
	tcase_add_loop_test(tc, test_uri_rfc3986, 0, ARRAY_LEN(uri_cases));
	tcase_add_test(tc, test_uri_with_nul);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(base_suite, SUITE_FORKS)
