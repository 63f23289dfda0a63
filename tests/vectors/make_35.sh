#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the messages in good/ that `openssl cmp` can since 3.5 only, as make.sh does, which goes first:
# general messages of RFC 9483 4.3, central key generation, pvno 3. OPENSSL names the command.
set -eu

out=$(cd "$(dirname "$0")" && pwd)/good
openssl=${OPENSSL:-openssl}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
: >empty.cnf
cat >ext.cnf <<EOT
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical, digitalSignature, keyAgreement
EOT

for name in ca srv new; do
	"$openssl" genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $name.key 2>/dev/null
done
"$openssl" req -config empty.cnf -x509 -new -key ca.key -subj "/O=Vectors/CN=Root" -days 3650 -out ca.pem \
	-addext "basicConstraints = critical, CA:TRUE" -addext "subjectKeyIdentifier = hash"
for name in srv new; do
	"$openssl" req -config empty.cnf -new -key $name.key -subj "/O=Vectors/CN=$name" -out $name.csr
	"$openssl" x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -days 3650 -out $name.pem \
		-extfile ext.cnf 2>/dev/null
done
cat >ca.cnf <<EOT
[ca]
default_ca = d
[d]
database = index.txt
default_md = sha256
EOT
: >index.txt
"$openssl" ca -gencrl -config ca.cnf -keyfile ca.key -cert ca.pem -crldays 30 -out crl.pem 2>/dev/null

cmp() { # name of the request, of the response, option...
	request=$1 response=$2
	shift 2
	"$openssl" cmp -config empty.cnf -use_mock_srv -recipient "/CN=srv" -srv_cert srv.pem -srv_key srv.key -srv_trusted ca.pem \
		-srv_ref vector-ref -srv_secret pass:vector-secret -rsp_cert new.pem "$@" \
		-reqout "$request" -rspout "$response" >log 2>&1 || true # it may dislike the answer
}
genm() { # name of the request, of the response, option...
	request=$1 response=$2
	shift 2
	cmp "$request" "$response" -ref vector-ref -secret pass:vector-secret -cmd genm "$@"
}
genm genm_ca_certs.der genp_ca_certs.der -infotype caCerts -cacertsout cacerts.pem -rsp_capubs ca.pem
genm genm_root_ca_cert.der genp_root_ca_key_update.der -infotype rootCaCert -oldwithold ca.pem \
	-newwithnew nwn.pem -newwithold nwo.pem -oldwithnew own.pem -rsp_newwithnew ca.pem \
	-rsp_newwithold new.pem -rsp_oldwithnew srv.pem
genm genm_cert_req_template.der genp_cert_req_template.der -infotype certReqTemplate \
	-template template.der
genm genm_crl_status_list.der genp_crls.der -infotype crlStatusList -crlcert new.pem \
	-crlout new.crl -rsp_crl crl.pem
cmp ir_central.der ip_central.der -cert new.pem -key new.key -trusted ca.pem -cmd ir -centralkeygen -newkeyout new.out -subject "/CN=vnfci-1" \
	-certout cert.pem -rsp_key new.key -implicit_confirm
ls ./*.der
cp ./*.der "$out"
