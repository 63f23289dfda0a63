// SPDX-License-Identifier: Apache-2.0
/*
 * Walks through octets and an ASN.1 type side by side, fields.h. What is looked for ends the walk;
 * how deep it goes is bounded by the type, of which none here is recursive.
 */
#include "asn1/fields.h"

#include "asn1/der.h"

#include <openssl/asn1t.h>
#include <stdio.h>
#include <string.h>

/* No type that is looked at nests deeper: PKIMessage with the extensions of a certificate has 14.
 */
enum { DEPTH_MAX = 32 };

enum { CLASS_UNIVERSAL = 0x00, CLASS_CONTEXT = 0x80, CLASS_MASK = 0xc0, CONSTRUCTED = 0x20 };

/* Neither of a tag nor of a list. */
enum { NO_INDEX = -1 };

enum walk_for { FOR_OFFSET, FOR_MISMATCH, FOR_EMPTY_LIST };

struct step {
	const char *name; /* NULL: an element of the list before */
	int index;
};

struct walk {
	enum walk_for wanted;
	const ASN1_ITEM *type;
	bool kept; /* inside of what the template keeps as it came */
	const uint8_t *base;
	const uint8_t *target; /* FOR_OFFSET */
	struct step step[DEPTH_MAX];
	size_t depth;
	bool found;
	struct fields_place *place;
};

/* An element as far as it is there: its end is that of what it lies in, if that comes first. */
struct view {
	const uint8_t *start;
	uint8_t class;
	bool constructed;
	long number;
	const uint8_t *content;
	const uint8_t *end;
	bool cut; /* and it should go on */
};

/* False: not even identifier and length are there. */
static bool view_read(const uint8_t *p, const uint8_t *end, struct view *v)
{
	size_t len, n;

	if (end - p < 2)
		return false;
	*v = (struct view){.start = p,
			   .class = *p & CLASS_MASK,
			   .constructed = *p & CONSTRUCTED,
			   .number = *p & 0x1f};
	if (v->number == 0x1f)
		return false;
	len = p[1];
	p += 2;
	if (len >= 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 4 || n > (size_t)(end - p))
			return false;
		for (len = 0; n > 0; n--)
			len = len << 8 | *p++;
	}
	v->content = p;
	v->cut = len > (size_t)(end - p);
	v->end = v->cut ? end : p + len;
	return true;
}

/* --- what is found --- */

static void path_write(const struct walk *w, char path[FIELDS_PATH_MAX])
{
	size_t len = 0;

	path[0] = '\0';
	for (size_t i = 0; i < w->depth && len < FIELDS_PATH_MAX; i++) {
		const struct step *s = &w->step[i];
		int n = s->name ? snprintf(path + len, FIELDS_PATH_MAX - len, "%s%s",
					   len ? "." : "", s->name)
				: snprintf(path + len, FIELDS_PATH_MAX - len, "[%d]", s->index);

		len += n > 0 ? (size_t)n : 0;
	}
}

static void found_at(struct walk *w, const uint8_t *at)
{
	w->found = true;
	path_write(w, w->place->path);
	if (w->wanted != FOR_OFFSET)
		w->place->offset = (size_t)(at - w->base);
}

/* Templates name members of a union as "value.certificate". */
static const char *field_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static void step_push(struct walk *w, const char *name, int index)
{
	if (w->depth < DEPTH_MAX)
		w->step[w->depth] = (struct step){name, index};
	w->depth++;
}

/* What was found was found with the path of before. */
static void step_pop(struct walk *w)
{
	w->depth--;
}

/* --- tags --- */

static bool is_list(const ASN1_TEMPLATE *tt)
{
	return tt->flags & ASN1_TFLG_SK_MASK;
}

static long list_tag(const ASN1_TEMPLATE *tt)
{
	return (tt->flags & ASN1_TFLG_SK_MASK) == ASN1_TFLG_SEQUENCE_OF ? V_ASN1_SEQUENCE
									: V_ASN1_SET;
}

static const ASN1_ITEM *item_of(const ASN1_TEMPLATE *tt)
{
	/* ANY DEFINED BY: nothing here goes on into it. */
	return tt->flags & ASN1_TFLG_ADB_MASK ? ASN1_ITEM_rptr(ASN1_ANY) : ASN1_ITEM_ptr(tt->item);
}

static bool template_fits(const ASN1_TEMPLATE *tt, const struct view *v);

static bool choice_fits(const ASN1_ITEM *it, const struct view *v)
{
	for (long i = 0; i < it->tcount; i++)
		if (template_fits(&it->templates[i], v))
			return true;
	return false;
}

/* The universal tag of an item; -1: it has no one tag. */
static long item_tag(const ASN1_ITEM *it)
{
	switch (it->itype) {
	case ASN1_ITYPE_PRIMITIVE:
		return it->templates || it->utype == V_ASN1_ANY ? -1 : it->utype;
	case ASN1_ITYPE_SEQUENCE:
	case ASN1_ITYPE_NDEF_SEQUENCE:
	case ASN1_ITYPE_EXTERN:
		return V_ASN1_SEQUENCE;
	default:
		return -1;
	}
}

static bool item_fits(const ASN1_ITEM *it, const struct view *v)
{
	if (it->itype == ASN1_ITYPE_CHOICE)
		return choice_fits(it, v);
	if (it->itype == ASN1_ITYPE_MSTRING)
		return v->class == CLASS_UNIVERSAL &&
		       (ASN1_tag2bit((int)v->number) & (unsigned long)it->utype);
	if (it->itype == ASN1_ITYPE_PRIMITIVE && it->templates)
		return template_fits(it->templates, v);
	return item_tag(it) < 0 ||
	       (v->class == CLASS_UNIVERSAL && v->number == (item_tag(it) & 0x1f));
}

static bool template_fits(const ASN1_TEMPLATE *tt, const struct view *v)
{
	if (tt->flags & ASN1_TFLG_TAG_MASK)
		return v->class == CLASS_CONTEXT && v->number == tt->tag &&
		       (v->constructed || (tt->flags & ASN1_TFLG_TAG_MASK) != ASN1_TFLG_EXPTAG);
	if (is_list(tt))
		return v->class == CLASS_UNIVERSAL && v->number == list_tag(tt);
	return item_fits(item_of(tt), v);
}

/* --- in words --- */

static const char *tag_name(long tag)
{
	return tag == V_ASN1_OBJECT ? "OBJECT IDENTIFIER" : ASN1_tag2str((int)tag);
}

static void item_describe(const ASN1_ITEM *it, char *out, size_t size)
{
	long tag = item_tag(it);

	if (it->itype == ASN1_ITYPE_PRIMITIVE)
		snprintf(out, size, "%s", tag >= 0 ? tag_name(tag) : "a value");
	else
		snprintf(out, size, "%s%s", tag == V_ASN1_SEQUENCE ? "SEQUENCE " : "", it->sname);
}

static void template_describe(const ASN1_TEMPLATE *tt, char *out, size_t size)
{
	if (tt->flags & ASN1_TFLG_TAG_MASK)
		snprintf(out, size, "[%ld]", tt->tag);
	else if (is_list(tt))
		snprintf(out, size, "%s OF", list_tag(tt) == V_ASN1_SEQUENCE ? "SEQUENCE" : "SET");
	else
		item_describe(item_of(tt), out, size);
}

static void view_describe(const struct view *v, char *out, size_t size)
{
	if (v->class == CLASS_UNIVERSAL)
		snprintf(out, size, "%s", tag_name(v->number));
	else
		snprintf(out, size, "[%s%ld]%s",
			 v->class == CLASS_CONTEXT ? "" : "of another class ", v->number,
			 v->constructed ? "" : " in primitive form");
}

static void mismatch(struct walk *w, const char *wanted, const struct view *v)
{
	char is[48];

	if (w->wanted != FOR_MISMATCH)
		return;
	view_describe(v, is, sizeof(is));
	snprintf(w->place->rule, sizeof(w->place->rule), "should be %.80s, and is %s", wanted, is);
	found_at(w, v->start);
}

static void missing(struct walk *w, const ASN1_TEMPLATE *tt, const uint8_t *at)
{
	char wanted[96];

	if (w->wanted != FOR_MISMATCH)
		return;
	template_describe(tt, wanted, sizeof(wanted));
	snprintf(w->place->rule, sizeof(w->place->rule), "is missing; it should be %.80s", wanted);
	found_at(w, at);
}

/* --- how it is encoded --- */

static void misencoded(struct walk *w, const char *rule, const struct view *v)
{
	snprintf(w->place->rule, sizeof(w->place->rule), "%s", rule);
	found_at(w, v->start);
}

/* An IMPLICIT tag hides the type from der_check(), which would have looked by the same rules. */
static void hidden_type_check(struct walk *w, const ASN1_TEMPLATE *tt, const struct view *v)
{
	long tag = is_list(tt) ? list_tag(tt) : item_tag(item_of(tt));
	struct bytes content = {v->content, (size_t)(v->end - v->content)};
	const char *rule = NULL;

	if (w->wanted == FOR_MISMATCH && !w->kept && tag >= 0)
		rule = der_hidden_rule((uint8_t)tag, v->constructed, content);
	if (rule)
		misencoded(w, rule, v);
}

/* X.690 11.5. OpenSSL's templates have the DEFAULT of a BOOLEAN as its size, -1 if it has none. */
static void default_check(struct walk *w, const ASN1_ITEM *it, const struct view *v)
{
	if (w->wanted == FOR_MISMATCH && !w->kept && it->utype == V_ASN1_BOOLEAN && it->size >= 0 &&
	    !*v->content == !it->size)
		misencoded(w, "is the DEFAULT, which is left out (X.690 11.5)", v);
}

/* --- the walk --- */

static void template_walk(struct walk *w, const ASN1_TEMPLATE *tt, const struct view *v);

/* Whether there is anything to look for in there. */
static bool is_of_interest(const struct walk *w, const struct view *v)
{
	return !w->found &&
	       (!w->target || (v->start <= w->target && (w->target < v->end || v->cut)));
}

static void choice_walk(struct walk *w, const ASN1_ITEM *it, const struct view *v)
{
	for (long i = 0; i < it->tcount; i++) {
		const ASN1_TEMPLATE *tt = &it->templates[i];

		if (!template_fits(tt, v))
			continue;
		step_push(w, field_name(tt->field_name), NO_INDEX);
		template_walk(w, tt, v);
		step_pop(w);
		return;
	}
	mismatch(w, it->sname, v);
}

/* The fields of a SEQUENCE that lie from p to end. */
static void fields_walk(struct walk *w, const ASN1_ITEM *it, const uint8_t *p, const uint8_t *end)
{
	struct view v;

	for (long i = 0; i < it->tcount && !w->found; i++) {
		const ASN1_TEMPLATE *tt = &it->templates[i];
		bool optional = tt->flags & ASN1_TFLG_OPTIONAL;
		bool there = view_read(p, end, &v);

		if (optional && (!there || !template_fits(tt, &v)))
			continue;
		step_push(w, field_name(tt->field_name), NO_INDEX);
		if (there && template_fits(tt, &v)) {
			if (is_of_interest(w, &v))
				template_walk(w, tt, &v);
			p = v.end;
		} else if (there) {
			char wanted[96];

			template_describe(tt, wanted, sizeof(wanted));
			mismatch(w, wanted, &v);
			if (w->wanted == FOR_OFFSET && w->target >= p)
				found_at(w, p);
		} else {
			missing(w, tt, p);
			if (w->wanted == FOR_OFFSET && w->target >= p)
				found_at(w, p);
		}
		step_pop(w);
	}
	if (!w->found && view_read(p, end, &v))
		mismatch(w, "the end", &v);
}

static void sequence_walk(struct walk *w, const ASN1_ITEM *it, const struct view *v)
{
	const ASN1_AUX *aux = it->funcs;
	bool kept = w->kept;

	w->kept = kept || (aux && (aux->flags & ASN1_AFLG_ENCODING) && it != w->type);
	fields_walk(w, it, v->content, v->end);
	w->kept = kept;
}

static void item_walk(struct walk *w, const ASN1_ITEM *it, const struct view *v)
{
	if (it->itype == ASN1_ITYPE_CHOICE)
		choice_walk(w, it, v);
	else if (it->itype == ASN1_ITYPE_SEQUENCE || it->itype == ASN1_ITYPE_NDEF_SEQUENCE)
		sequence_walk(w, it, v);
	else if (it->itype == ASN1_ITYPE_PRIMITIVE && it->templates)
		template_walk(w, it->templates, v);
	else if (it->itype == ASN1_ITYPE_PRIMITIVE)
		default_check(w, it, v);
}

static void element_walk(struct walk *w, const ASN1_ITEM *it, const struct view *v)
{
	if (item_fits(it, v)) {
		if (is_of_interest(w, v))
			item_walk(w, it, v);
	} else if (w->wanted == FOR_MISMATCH) {
		char wanted[96];

		item_describe(it, wanted, sizeof(wanted));
		mismatch(w, wanted, v);
	}
	if (!w->found && w->target && is_of_interest(w, v))
		found_at(w, w->target);
}

static void list_walk(struct walk *w, const ASN1_TEMPLATE *tt, const struct view *list)
{
	const uint8_t *p = list->content;
	struct view v;

	if (w->wanted == FOR_EMPTY_LIST && p == list->end)
		found_at(w, list->start);
	for (int i = 0; !w->found && view_read(p, list->end, &v); p = v.end, i++) {
		step_push(w, NULL, i);
		element_walk(w, item_of(tt), &v);
		step_pop(w);
	}
}

/* What an EXPLICIT tag is around. */
static void explicit_walk(struct walk *w, const ASN1_TEMPLATE *tt, const struct view *tagged)
{
	ASN1_TEMPLATE inner = *tt;
	struct view v;

	inner.flags &= ~(unsigned long)ASN1_TFLG_TAG_MASK;
	if (!view_read(tagged->content, tagged->end, &v)) {
		missing(w, &inner, tagged->content);
		return;
	}
	if (!template_fits(&inner, &v)) {
		char wanted[96];

		template_describe(&inner, wanted, sizeof(wanted));
		mismatch(w, wanted, &v);
		return;
	}
	if (is_of_interest(w, &v))
		template_walk(w, &inner, &v);
	if (!w->found && view_read(v.end, tagged->end, &v))
		mismatch(w, "the end", &v);
}

static void template_walk(struct walk *w, const ASN1_TEMPLATE *tt, const struct view *v)
{
	if ((tt->flags & ASN1_TFLG_TAG_MASK) == ASN1_TFLG_IMPTAG)
		hidden_type_check(w, tt, v);
	if (w->found)
		return;
	if ((tt->flags & ASN1_TFLG_TAG_MASK) == ASN1_TFLG_EXPTAG)
		explicit_walk(w, tt, v);
	else if (is_list(tt))
		list_walk(w, tt, v);
	else
		item_walk(w, item_of(tt), v);
	/* Nothing that lies deeper was it. */
	if (!w->found && w->target && is_of_interest(w, v))
		found_at(w, w->target);
}

static bool walk_all(struct walk *w, struct bytes in, const ASN1_ITEM *type)
{
	struct view v;

	w->type = type;
	w->base = in.data;
	if (!view_read(in.data, in.data + in.len, &v))
		return false;
	if (item_fits(type, &v))
		item_walk(w, type, &v);
	else
		mismatch(w, type->sname, &v);
	return w->found;
}

void fields_locate(struct bytes in, const ASN1_ITEM *type, size_t offset,
		   struct fields_place *place)
{
	struct walk w = {.wanted = FOR_OFFSET, .place = place};

	place->path[0] = '\0';
	if (!in.len || offset > in.len)
		return;
	w.target = in.data + offset;
	(void)walk_all(&w, in, type);
}

bool fields_mismatch(struct bytes in, const ASN1_ITEM *type, struct fields_place *place)
{
	struct walk w = {.wanted = FOR_MISMATCH, .place = place};

	return walk_all(&w, in, type);
}

bool fields_empty_list(struct bytes in, const ASN1_ITEM *type, struct fields_place *place)
{
	struct walk w = {.wanted = FOR_EMPTY_LIST, .place = place};

	return walk_all(&w, in, type);
}
