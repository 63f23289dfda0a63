// SPDX-License-Identifier: Apache-2.0
/*
 * Values that are comma-separated lists: names, URIs, addresses, ranges, kinds of key. Those of
 * trust domains: types_domain.c.
 */
#include "types_list.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <string.h>
#include <sys/un.h>

/* RSA: below it is weak (NIST SP 800-57 part 1), above it costs too much. */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384

static char *text_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

int conf_list_parse(const struct conf_input *in, conf_item_parse *parse, size_t element_size,
		    void **itemsp, size_t *lenp, struct strbuf *why)
{
	_cleanup_(freep) char *copy = strdup(in->text);
	char *next = copy, *item;
	size_t max = 1;

	if (!copy)
		return -ENOMEM;
	for (const char *p = in->text; *p; p++)
		max += *p == ',';
	*itemsp = calloc(max, element_size);
	if (!*itemsp)
		return -ENOMEM;
	while ((item = strsep(&next, ",")) != NULL) {
		int err;

		item = text_trim(item);
		if (*item == '\0') {
			strbuf_add(why, "an item of the list is empty");
			return -EINVAL;
		}
		err = parse(in, item, (char *)*itemsp + *lenp * element_size, why);
		if (err < 0)
			return err;
		(*lenp)++;
	}
	return 0;
}

static void item_separate(struct strbuf *out, size_t i)
{
	if (i > 0)
		strbuf_add(out, ", ");
}

/* Lists of strings */

void conf_strings_clear(void *value)
{
	struct conf_list *list = value;

	for (size_t i = 0; i < list->len; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct conf_list){0};
}

int conf_strings_parse(const struct conf_input *in, conf_item_parse *parse, void *value,
		       struct strbuf *why)
{
	struct conf_list list = {0};
	void *items = NULL;
	int err = conf_list_parse(in, parse, sizeof(char *), &items, &list.len, why);

	list.item = items;
	for (size_t i = 0; i < list.len && err == 0; i++) {
		for (size_t j = 0; j < i && err == 0; j++) {
			if (strcmp(list.item[i], list.item[j]) != 0)
				continue;
			strbuf_printf(why, "\"%s\" is there twice", list.item[i]);
			err = -EINVAL;
		}
	}
	if (err < 0) {
		conf_strings_clear(&list);
		return err;
	}
	conf_strings_clear(value);
	*(struct conf_list *)value = list;
	return 0;
}

void conf_strings_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_list *list = value;

	for (size_t i = 0; i < list->len; i++) {
		item_separate(out, i);
		strbuf_add(out, list->item[i]);
	}
}

int conf_name_item_parse(const struct conf_input *in, char *text, void *element, struct strbuf *why)
{
	*(char **)element = strdup(text);
	return *(char **)element ? 0 : -ENOMEM;
}

static int names_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, conf_name_item_parse, value, why);
}

const struct conf_type conf_type_names = {
	.name = "list of names",
	.parse = names_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

static int uri_item_parse(const struct conf_input *in, char *text, void *element,
			  struct strbuf *why)
{
	const char *separator = strstr(text, "://");

	/* An IA5String goes into the certificate (RFC 5280 4.2.1.6). */
	for (const char *p = text; separator && *p; p++) {
		if (!isgraph((unsigned char)*p))
			separator = NULL;
	}
	if (!separator || separator == text || separator[3] == '\0') {
		strbuf_printf(why, "\"%s\" is not a URI, as http://host/path", text);
		return -EINVAL;
	}
	return conf_name_item_parse(in, text, element, why);
}

static int uris_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, uri_item_parse, value, why);
}

const struct conf_type conf_type_uris = {
	.name = "list of URIs",
	.parse = uris_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

/* "/pkix/", "/ejbca/publicweb/cmp/<profile>": not of what cmfd serves in any case. */
static bool path_is_fine(const char *text)
{
	static const char *const own[] = {"/.well-known/cmp", "/crl/", "/aia/", "/cmf-certmgmt/"};
	const char *mark = strchr(text, '<');
	size_t len = mark ? (size_t)(mark - text) : strlen(text);

	if (len < 2 || text[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]) || strchr("?#%*>", text[i]) ||
		    (text[i] == '/' && text[i + 1] == '/'))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strncmp(text, own[i], strlen(own[i])) == 0)
			return false;
	return !mark || (strcmp(mark, "<profile>") == 0 && mark[-1] == '/');
}

static int path_item_parse(const struct conf_input *in, char *text, void *element,
			   struct strbuf *why)
{
	if (!path_is_fine(text)) {
		strbuf_printf(why, "\"%s\" is not a path of its own, as /pkix/ or /cmp/<profile>",
			      text);
		return -EINVAL;
	}
	return conf_name_item_parse(in, text, element, why);
}

static int paths_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, path_item_parse, value, why);
}

const struct conf_type conf_type_paths = {
	.name = "list of paths",
	.parse = paths_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

static int attribute_item_parse(const struct conf_input *in, char *text, void *element,
				struct strbuf *why)
{
	if (OBJ_txt2nid(text) == NID_undef) {
		strbuf_printf(why, "\"%s\" is not an attribute type, as O or OU", text);
		return -EINVAL;
	}
	return conf_name_item_parse(in, text, element, why);
}

static int attributes_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, attribute_item_parse, value, why);
}

const struct conf_type conf_type_attributes = {
	.name = "list of attribute types",
	.parse = attributes_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

/* Addresses to listen on */

static void addresses_clear(void *value)
{
	struct conf_addresses *list = value;

	for (size_t i = 0; i < list->len; i++)
		free(list->item[i].host);
	free(list->item);
	*list = (struct conf_addresses){0};
}

static int address_refuse(const char *text, struct strbuf *why)
{
	strbuf_printf(why,
		      "\"%s\" is not ADDRESS:PORT, as 127.0.0.1:8080, [::1]:8080 or unix:/path",
		      text);
	return -EINVAL;
}

static int unix_address_parse(const struct conf_input *in, const char *path,
			      struct conf_address *address, struct strbuf *why)
{
	struct conf_input path_in = {in->key, in->dir, path, in->names_only};

	address->is_unix = true;
	return conf_type_socket.parse(&path_in, &address->host, why);
}

static int address_item_parse(const struct conf_input *in, char *text, void *element,
			      struct strbuf *why)
{
	struct conf_address *address = element;
	_cleanup_(freep) char *host = NULL;
	const char *colon = strrchr(text, ':');
	size_t digits, len;
	uint8_t binary[16];
	int family = AF_INET;
	long port;

	if (strncmp(text, "unix:", 5) == 0 && text[5] != '\0') {
		int err = unix_address_parse(in, text + 5, address, why);

		if (err < 0)
			free(TAKE(address->host));
		return err;
	}
	if (!colon)
		return address_refuse(text, why);
	digits = strspn(colon + 1, "0123456789");
	if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
		return address_refuse(text, why);
	port = strtol(colon + 1, NULL, 10);
	if (port < 1 || port > UINT16_MAX)
		return address_refuse(text, why);
	len = (size_t)(colon - text);
	if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
		family = AF_INET6;
		text++;
		len -= 2;
	}
	host = strndup(text, len);
	if (!host)
		return -ENOMEM;
	if (inet_pton(family, host, binary) != 1)
		return address_refuse(in->text, why);
	address->host = TAKE(host);
	address->port = (uint16_t)port;
	return 0;
}

static int addresses_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_addresses list = {0};
	void *items = NULL;
	int err =
		conf_list_parse(in, address_item_parse, sizeof(*list.item), &items, &list.len, why);

	list.item = items;
	if (err < 0) {
		addresses_clear(&list);
		return err;
	}
	addresses_clear(value);
	*(struct conf_addresses *)value = list;
	return 0;
}

static void addresses_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_addresses *list = value;

	for (size_t i = 0; i < list->len; i++) {
		const struct conf_address *a = &list->item[i];

		item_separate(out, i);
		if (a->is_unix)
			strbuf_printf(out, "unix:%s", a->host);
		else if (strchr(a->host, ':'))
			strbuf_printf(out, "[%s]:%u", a->host, a->port);
		else
			strbuf_printf(out, "%s:%u", a->host, a->port);
	}
}

bool conf_address_is_loopback(const struct conf_address *address)
{
	static const uint8_t mapped[13] = {[10] = 0xff, 0xff, 127}; /* ::ffff:127.0.0.0/104 */
	struct in6_addr v6;
	struct in_addr v4;

	if (address->is_unix)
		return true;
	if (inet_pton(AF_INET, address->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address->host, &v6) == 1 &&
	       (IN6_IS_ADDR_LOOPBACK(&v6) || memcmp(&v6, mapped, sizeof(mapped)) == 0);
}

const struct conf_type conf_type_addresses = {
	.name = "list of addresses",
	.parse = addresses_parse,
	.print = addresses_print,
	.clear = addresses_clear,
};

/* Ranges of IP addresses */

static void ip_ranges_clear(void *value)
{
	struct conf_ip_ranges *list = value;

	free(list->item);
	*list = (struct conf_ip_ranges){0};
}

static int ip_range_refuse(const char *text, struct strbuf *why)
{
	strbuf_printf(why, "\"%s\" is not a range ADDRESS/BITS, as 10.0.0.0/8 or fd00::/8", text);
	return -EINVAL;
}

/* Whether bits after the prefix are set: then the range was probably meant to be another one. */
static bool ip_range_has_host_bits(const struct conf_ip_range *range)
{
	for (unsigned bit = range->prefix_len; bit < range->address_len * 8u; bit++) {
		if (range->address[bit / 8] & (0x80u >> bit % 8))
			return true;
	}
	return false;
}

static int ip_range_item_parse(const struct conf_input *in, char *text, void *element,
			       struct strbuf *why)
{
	struct conf_ip_range *range = element;
	_cleanup_(freep) char *whole = strdup(text);
	char *slash = strchr(text, '/');
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
	bool v6 = strchr(text, ':') != NULL;
	long bits;

	if (!whole)
		return -ENOMEM;
	if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
		return ip_range_refuse(whole, why);
	*slash = '\0';
	bits = strtol(slash + 1, NULL, 10);
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, range->address) != 1 || bits > (v6 ? 128 : 32))
		return ip_range_refuse(whole, why);
	range->address_len = v6 ? 16 : 4;
	range->prefix_len = (uint8_t)bits;
	if (ip_range_has_host_bits(range)) {
		strbuf_printf(why, "\"%s\" has bits set after the first %ld", whole, bits);
		return -EINVAL;
	}
	return 0;
}

static int ip_ranges_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_ip_ranges list = {0};
	void *items = NULL;
	int err = conf_list_parse(in, ip_range_item_parse, sizeof(*list.item), &items, &list.len,
				  why);

	list.item = items;
	if (err < 0) {
		ip_ranges_clear(&list);
		return err;
	}
	ip_ranges_clear(value);
	*(struct conf_ip_ranges *)value = list;
	return 0;
}

static void ip_ranges_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_ip_ranges *list = value;

	for (size_t i = 0; i < list->len; i++) {
		const struct conf_ip_range *range = &list->item[i];
		char text[INET6_ADDRSTRLEN];

		inet_ntop(range->address_len == 16 ? AF_INET6 : AF_INET, range->address, text,
			  sizeof(text));
		item_separate(out, i);
		strbuf_printf(out, "%s/%u", text, range->prefix_len);
	}
}

const struct conf_type conf_type_ip_ranges = {
	.name = "list of ranges",
	.parse = ip_ranges_parse,
	.print = ip_ranges_print,
	.clear = ip_ranges_clear,
};

/* Kinds of public key */

static void key_types_clear(void *value)
{
	struct conf_key_types *list = value;

	free(list->item);
	*list = (struct conf_key_types){0};
}

static int rsa_parse(const char *sizes, struct conf_key_type *type, struct strbuf *why)
{
	unsigned min, max;
	int end = 0;

	if (sscanf(sizes, "%5u-%5u%n", &min, &max, &end) != 2 || sizes[end] != '\0') {
		strbuf_printf(why, "\"rsa:%s\" is not rsa:MIN-MAX, as rsa:2048-4096", sizes);
		return -EINVAL;
	}
	if (min < RSA_BITS_MIN || max > RSA_BITS_MAX || min > max) {
		strbuf_printf(why, "rsa:%s is not a range within %d and %d bits", sizes,
			      RSA_BITS_MIN, RSA_BITS_MAX);
		return -EINVAL;
	}
	*type = (struct conf_key_type){.kind = CONF_KEY_RSA, .bits_min = min, .bits_max = max};
	return 0;
}

static int ec_parse(const char *name, struct conf_key_type *type, struct strbuf *why)
{
	int nid = EC_curve_nist2nid(name);
	EC_GROUP *group;

	if (nid == NID_undef)
		nid = OBJ_sn2nid(name);
	group = nid == NID_undef ? NULL : EC_GROUP_new_by_curve_name(nid);
	if (!group) {
		strbuf_printf(why, "\"%s\" is not a curve that this OpenSSL knows", name);
		return -EINVAL;
	}
	EC_GROUP_free(group);
	*type = (struct conf_key_type){.kind = CONF_KEY_EC, .curve_nid = nid};
	return 0;
}

/* Kinds of key that need no more than a name; some only where the OpenSSL at hand has them. */
static const struct named_key {
	const char *name;
	const char *object;
} named_keys[] = {
	{"x25519", "X25519"},
	{"x448", "X448"},
	{"ml-kem-512", "ML-KEM-512"},
	{"ml-kem-768", "ML-KEM-768"},
	{"ml-kem-1024", "ML-KEM-1024"},
	{"ml-dsa-44", "ML-DSA-44"},
	{"ml-dsa-65", "ML-DSA-65"},
	{"ml-dsa-87", "ML-DSA-87"},
	{"slh-dsa-sha2-128s", "SLH-DSA-SHA2-128s"},
	{"slh-dsa-sha2-128f", "SLH-DSA-SHA2-128f"},
	{"slh-dsa-sha2-192s", "SLH-DSA-SHA2-192s"},
	{"slh-dsa-sha2-192f", "SLH-DSA-SHA2-192f"},
	{"slh-dsa-sha2-256s", "SLH-DSA-SHA2-256s"},
	{"slh-dsa-sha2-256f", "SLH-DSA-SHA2-256f"},
	{"slh-dsa-shake-128s", "SLH-DSA-SHAKE-128s"},
	{"slh-dsa-shake-128f", "SLH-DSA-SHAKE-128f"},
	{"slh-dsa-shake-192s", "SLH-DSA-SHAKE-192s"},
	{"slh-dsa-shake-192f", "SLH-DSA-SHAKE-192f"},
	{"slh-dsa-shake-256s", "SLH-DSA-SHAKE-256s"},
	{"slh-dsa-shake-256f", "SLH-DSA-SHAKE-256f"},
};

/* -ENOENT if it is no such name. */
static int named_key_parse(const char *text, struct conf_key_type *type, struct strbuf *why)
{
	for (size_t i = 0; i < ARRAY_LEN(named_keys); i++) {
		int nid;

		if (strcmp(named_keys[i].name, text) != 0)
			continue;
		nid = OBJ_txt2nid(named_keys[i].object);
		if (nid == NID_undef) {
			strbuf_printf(why, "\"%s\" is not a kind of key that this OpenSSL knows",
				      text);
			return -EINVAL;
		}
		*type = (struct conf_key_type){.kind = CONF_KEY_NAMED, .algorithm_nid = nid};
		return 0;
	}
	return -ENOENT;
}

static const char *named_key_name(int nid)
{
	for (size_t i = 0; i < ARRAY_LEN(named_keys); i++)
		if (OBJ_txt2nid(named_keys[i].object) == nid)
			return named_keys[i].name;
	return OBJ_nid2sn(nid);
}

static int key_type_item_parse(const struct conf_input *in, char *text, void *element,
			       struct strbuf *why)
{
	struct conf_key_type *type = element;
	int err;

	if (strncmp(text, "rsa:", 4) == 0)
		return rsa_parse(text + 4, type, why);
	if (strncmp(text, "ec:", 3) == 0)
		return ec_parse(text + 3, type, why);
	if (strcmp(text, "ed25519") == 0) {
		*type = (struct conf_key_type){.kind = CONF_KEY_ED25519};
		return 0;
	}
	if (strcmp(text, "ed448") == 0) {
		*type = (struct conf_key_type){.kind = CONF_KEY_ED448};
		return 0;
	}
	err = named_key_parse(text, type, why);
	if (err != -ENOENT)
		return err;
	strbuf_printf(why, "\"%s\" is not rsa:MIN-MAX, ec:CURVE, ed25519, ed448, x25519, x448",
		      text);
	strbuf_add(why, ", ml-kem-512, -768, -1024, ml-dsa-44, -65, -87 or slh-dsa-sha2-128s ...");
	return -EINVAL;
}

static int key_types_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_key_types list = {0};
	void *items = NULL;
	int err = conf_list_parse(in, key_type_item_parse, sizeof(*list.item), &items, &list.len,
				  why);

	list.item = items;
	if (err < 0) {
		key_types_clear(&list);
		return err;
	}
	key_types_clear(value);
	*(struct conf_key_types *)value = list;
	return 0;
}

void conf_key_types_write(const struct conf_key_types *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct conf_key_type *t = &list->item[i];
		const char *nist;

		item_separate(out, i);
		switch (t->kind) {
		case CONF_KEY_RSA:
			strbuf_printf(out, "rsa:%" PRIu32 "-%" PRIu32, t->bits_min, t->bits_max);
			break;
		case CONF_KEY_EC:
			nist = EC_curve_nid2nist(t->curve_nid);
			strbuf_printf(out, "ec:%s", nist ? nist : OBJ_nid2sn(t->curve_nid));
			break;
		case CONF_KEY_ED25519:
			strbuf_add(out, "ed25519");
			break;
		case CONF_KEY_ED448:
			strbuf_add(out, "ed448");
			break;
		case CONF_KEY_NAMED:
			strbuf_add(out, named_key_name(t->algorithm_nid));
			break;
		}
	}
}

static void key_types_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	conf_key_types_write(value, out);
}

const struct conf_type conf_type_key_types = {
	.name = "list of kinds of key",
	.parse = key_types_parse,
	.print = key_types_print,
	.clear = key_types_clear,
};
