// SPDX-License-Identifier: Apache-2.0
/*
 * The secrets and certificates of a [vnfm] section, read once at the start. Those of which only a
 * comparison is made are kept as digests.
 */
#include "lcm_local.h"

#include "base/error.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* Octets of a file whose first line is a secret. */
enum { SECRET_FILE_MAX = 8192 };

static int problem_add(const struct conf_vnfm *conf, const char *key, const char *path, int err,
		       struct strbuf *problems)
{
	if (err == -ENOMEM)
		return err;
	strbuf_printf(problems, "[vnfm %s] %s: %s: %s\n", conf->name, key, path,
		      err == -ENODATA ? "its first line is empty" : error_text(err));
	return -EINVAL;
}

int lcm_first_line_read(const char *path, struct octets *linep)
{
	_cleanup_(octets_clear_secret) struct octets file = OCTETS_NULL;
	size_t len = 0;
	int err = path ? file_read(path, SECRET_FILE_MAX, &file) : 0;

	if (err < 0 || !path)
		return err;
	while (len < file.len && file.data[len] != '\n' && file.data[len] != '\r')
		len++;
	if (len == 0 || memchr(file.data, '\0', len))
		return -ENODATA;
	linep->data = calloc(len + 1, 1);
	if (!linep->data)
		return -ENOMEM;
	memcpy(linep->data, file.data, len);
	linep->len = len;
	return 0;
}

static int secrets_read(const struct conf_vnfm *conf, struct lcm_credentials *credentials,
			struct strbuf *problems)
{
	const struct {
		const char *key, *path;
		struct octets *to;
	} files[] = {
		{"password_file", conf->password_file, &credentials->password},
		{"oauth2_client_secret_file", conf->oauth2_client_secret_file,
		 &credentials->oauth2_secret},
		{"callback_password_file", conf->callback_password_file,
		 &credentials->callback_password},
		{"callback_oauth2_client_secret_file", conf->callback_oauth2_client_secret_file,
		 &credentials->callback_oauth2_secret},
	};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && result != -ENOMEM; i++) {
		int err = lcm_first_line_read(files[i].path, files[i].to);

		if (err < 0)
			result = problem_add(conf, files[i].key, files[i].path, err, problems);
	}
	return result;
}

static int identity_read(const struct conf_vnfm *conf, struct lcm_credentials *credentials,
			 struct strbuf *problems)
{
	const struct key_source key = {.source = conf->tls_key,
				       .passphrase_file = conf->tls_passphrase_file};
	int err = conf->tls_certificate
			  ? web_identity_read(conf->tls_certificate, &key, &credentials->identity)
			  : 0;

	return err < 0 ? problem_add(conf, "tls_certificate", conf->tls_certificate, err, problems)
		       : 0;
}

static int digest_make(struct bytes octets, uint8_t out[32])
{
	return EVP_Digest(octets.data, octets.len, out, NULL, EVP_sha256(), NULL) == 1 ? 0
										       : -ENOMEM;
}

/* RFC 7617 2: compared as it is sent, in base64 with padding. */
static int basic_digest(const struct conf_vnfm *conf, struct lcm_credentials *credentials)
{
	_cleanup_(octets_clear_secret) struct octets pair = OCTETS_NULL, text = OCTETS_NULL;
	const struct bytes parts[] = {
		conf->callback_user ? bytes_of_string(conf->callback_user) : BYTES_NULL,
		bytes_of_string(":"),
		octets_view(&credentials->callback_password),
	};
	int err = bytes_join(parts, ARRAY_LEN(parts), &pair);

	if (err < 0)
		return err;
	text.data = malloc(4 * (pair.len / 3 + 1) + 1);
	if (!text.data)
		return -ENOMEM;
	text.len = (size_t)EVP_EncodeBlock(text.data, pair.data, (int)pair.len);
	return digest_make(octets_view(&text), credentials->callback_basic);
}

static int certificate_digest(X509 *certificate, uint8_t out[32])
{
	unsigned len = 0;

	return X509_digest(certificate, EVP_sha256(), out, &len) == 1 ? 0 : -ENOMEM;
}

static int certificates_read(const struct conf_vnfm *conf, struct lcm_credentials *credentials,
			     struct strbuf *problems)
{
	STACK_OF(X509) *certificates = NULL;
	int err = conf->callback_certificate
			  ? credential_certificates_read(conf->callback_certificate, &certificates)
			  : 0;
	int n = err == 0 && certificates ? sk_X509_num(certificates) : 0;

	if (n > 0) {
		credentials->callback_certificate = calloc((size_t)n, sizeof(uint8_t[32]));
		err = credentials->callback_certificate ? 0 : -ENOMEM;
	}
	for (int i = 0; i < n && err == 0; i++)
		err = certificate_digest(
			sk_X509_value(certificates, i),
			credentials->callback_certificate[credentials->n_callback_certificates++]);
	sk_X509_pop_free(certificates, X509_free);
	return err < 0 ? problem_add(conf, "callback_certificate", conf->callback_certificate, err,
				     problems)
		       : 0;
}

int lcm_credentials_read(const struct conf_vnfm *conf, struct lcm_credentials *credentials,
			 struct strbuf *problems)
{
	int secrets_r = secrets_read(conf, credentials, problems);
	int identity_r = identity_read(conf, credentials, problems);
	int err = certificates_read(conf, credentials, problems);

	if (err == 0)
		err = identity_r;
	if (err == 0)
		err = secrets_r;
	return err == 0 && conf->callback_user ? basic_digest(conf, credentials) : err;
}

void lcm_credentials_clear(struct lcm_credentials *credentials)
{
	octets_clear_secret(&credentials->password);
	octets_clear_secret(&credentials->oauth2_secret);
	octets_clear_secret(&credentials->callback_password);
	octets_clear_secret(&credentials->callback_oauth2_secret);
	web_identity_free(credentials->identity);
	free(credentials->callback_certificate);
	*credentials = (struct lcm_credentials){0};
}
