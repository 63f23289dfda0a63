// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a CA may be out of the configuration: not while a registration has it, nor while an
 * exchange with it is open, which nobody would go on with. Asked at check, start and reload.
 */
#include "cmf_private.h"

#include "cmf/move.h"

#include <errno.h>
#include <inttypes.h>

enum { NAMED_MAX = 3, LINES_MAX = 20 };

struct named {
	struct strbuf text;
	size_t n;
};

static void name_add(struct named *named, const char *subject_id)
{
	if (named->n++ < NAMED_MAX)
		strbuf_printf(&named->text, "%s%s", named->n > 1 ? ", " : "", subject_id);
}

/* --- registrations --- */

static int registration_name(void *arg, const struct store_registration *reg)
{
	name_add(arg, reg->subject_id);
	return 0;
}

static int registrations_tell(struct store_reader *reader, const struct store_ca_use *use,
			      struct strbuf *problems)
{
	const struct store_registration_filter filter = {.trust_domain = use->trust_domain,
							 .ca = use->ca,
							 .cert_type = -1,
							 .limit = NAMED_MAX + 1};
	struct named named = {.text = STRBUF_NULL};
	int err = store_registration_list(reader, &filter, registration_name, &named);

	if (err == 0)
		strbuf_printf(problems,
			      "[ca %s]: is not in the configuration, but registrations of trust "
			      "domain %s use it: %s%s. Put it back, move them with cmfctl "
			      "registration update --from-ca %s --ca NAME, then take it out\n",
			      use->ca, use->trust_domain, named.text.text,
			      named.n > NAMED_MAX ? ", ..." : "", use->ca);
	strbuf_clear(&named.text);
	return err;
}

static int registered_cas_check(const struct cmf *cmf, struct store_reader *reader,
				size_t *missingp, struct strbuf *problems)
{
	_cleanup_(store_ca_use_clear) struct store_ca_use use = {0};
	int err = 0;

	while (*missingp < LINES_MAX && (err = store_ca_use_next(reader, &use)) == 0) {
		if (ca_find(cmf->cas, use.ca))
			continue;
		++*missingp;
		err = registrations_tell(reader, &use, problems);
		if (err < 0)
			return err;
	}
	return err < 0 ? err : 0;
}

/* --- exchanges --- */

static int exchange_name(struct store_reader *reader, int64_t id, struct named *named)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(store_exchange_clear) struct store_exchange exchange = {0};
	int err = store_exchange_get(reader, id, &exchange);

	if (err == 0)
		err = store_certificate_get(reader, exchange.certificate_id, &cert);
	if (err == 0)
		name_add(named, cert.subject_id);
	return err < 0 ? err : 0;
}

static int exchanges_tell(struct store_reader *reader, const char *ca, struct strbuf *problems)
{
	struct named named = {.text = STRBUF_NULL};
	struct store_due open;
	int err = store_exchange_due(reader, ca, INT64_MAX, &open);

	for (size_t i = 0; i < open.len && i <= NAMED_MAX && err == 0; i++)
		err = exchange_name(reader, open.id[i], &named);
	if (err == 0)
		strbuf_printf(problems,
			      "[ca %s]: is not in the configuration, but what was asked of it is "
			      "still open, for certificates of: %s%s. Put it back, and take it out "
			      "when that has ended (cmfctl status, OPEN)\n",
			      ca, named.text.text ? named.text.text : "",
			      named.n > NAMED_MAX ? ", ..." : "");
	strbuf_clear(&named.text);
	return err;
}

static int asked_cas_check(const struct cmf *cmf, struct store_reader *reader, size_t *missingp,
			   struct strbuf *problems)
{
	_cleanup_(freep) char *ca = NULL;
	int err = 0;

	while (*missingp < LINES_MAX && (err = store_exchange_ca_next(reader, &ca)) == 0) {
		if (ca_find(cmf->cas, ca))
			continue;
		++*missingp;
		err = exchanges_tell(reader, ca, problems);
		if (err < 0)
			return err;
	}
	return err < 0 ? err : 0;
}

int cmf_used_cas_check(const struct cmf *cmf, struct store_reader *reader, struct strbuf *problems)
{
	size_t missing = 0;
	int err = registered_cas_check(cmf, reader, &missing, problems);

	if (err == 0)
		err = asked_cas_check(cmf, reader, &missing, problems);
	return err == 0 && missing ? -EINVAL : err;
}
