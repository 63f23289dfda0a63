#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the CMP messages in good/ anew, and bad/ir_nopop.der, with the `openssl cmp` command as client
# and as mock server; then make_35.sh and make.py go. Keys are thrown away: the tests verify with the
# certificates in extraCerts, and the MAC with the secret below (MAC_SECRET in test_message.c). `openssl cmp` 3.0 cannot protect with
# EdDSA and RSASSA-PSS; those the tests make themselves.
set -eu

out=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

key() { # name algorithm [option...]
	name=$1 alg=$2
	shift 2
	openssl genpkey -algorithm "$alg" "$@" -out "$name.key" 2>/dev/null
}

issue() { # name subject
	openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days 3650 -out "$1.pem" \
		-extfile ext.cnf -extensions leaf 2>/dev/null
}

cat >ext.cnf <<EOF
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical, digitalSignature
EOF
: >empty.cnf

key ca EC -pkeyopt ec_paramgen_curve:P-256
openssl req -x509 -new -key ca.key -subj "/O=Vectors/CN=Root" -days 3650 -out ca.pem
key p256 EC -pkeyopt ec_paramgen_curve:P-256
key p384 EC -pkeyopt ec_paramgen_curve:P-384
key p521 EC -pkeyopt ec_paramgen_curve:P-521
key rsa RSA -pkeyopt rsa_keygen_bits:2048
key new EC -pkeyopt ec_paramgen_curve:P-256
key srv EC -pkeyopt ec_paramgen_curve:P-256
for name in p256 p384 p521 rsa new srv; do
	issue "$name" "/O=Vectors/CN=$name"
done

# The mock server inside of `openssl cmp`: no network.
cmp() { # command [option...]
	command=$1
	shift
	openssl cmp -config empty.cnf -use_mock_srv -cmd "$command" -recipient "/CN=srv" \
		-srv_cert srv.pem -srv_key srv.key -srv_trusted ca.pem -srv_ref vector-ref \
		-srv_secret pass:vector-secret -rsp_cert new.pem -rsp_extracerts ca.pem "$@" \
		>log 2>&1 || true
}
signed() { # name: credential, option...
	name=$1
	shift
	echo "-cert $name.pem -key $name.key -trusted ca.pem -unprotected_errors $*"
}

new="-newkey new.key -subject /O=Vectors/CN=vnfci-1 -certout cert.pem"
mac="-ref vector-ref -secret pass:vector-secret"

# shellcheck disable=SC2046,SC2086
{
	cmp ir $(signed p256) $new -sans "dns:vnfci-1.example.net urn:etsi:nfv:vnfci:1" \
		-days 30 -reqout ir_p256.der,certconf_p256.der -rspout ip_p256.der,pkiconf_p256.der
	for name in p384 p521 rsa; do
		cmp ir $(signed $name) $new -implicit_confirm -reqout ir_$name.der -rspout ip_$name.der
	done
	cmp ir $mac $new -geninfo 1.2.3.4:int:56789 -reqout ir_mac.der,certconf_mac.der \
		-rspout ip_mac.der,pkiconf_mac.der
	cmp ir $mac -digest sha512 -mac hmacWithSHA384 $new -popo 0 -reqout ir_raverified.der
	cmp ir $mac $new -popo -1 -recipient "/CN=cmf" -reqout ir_nopop.der
	cmp cr $(signed p256) $new -implicit_confirm -out_trusted ca.pem -reqout cr_p256.der \
		-rspout cp_p256.der
	cmp cr $(signed p256) $new -poll_count 2 -check_after 1 -reqout cr_poll.der,pollreq_p256.der \
		-rspout cp_waiting.der,pollrep_p256.der
	cmp kur $(signed new) -newkey p256.key -oldcert new.pem -certout cert.pem -implicit_confirm \
		-reqout kur_p256.der -rspout kup_p256.der
	cmp p10cr $(signed p256) -csr new.csr -certout cert.pem -implicit_confirm \
		-reqout p10cr_p256.der -rspout p10cp_p256.der
	cmp rr $(signed new) -oldcert new.pem -revreason 4 -reqout rr_p256.der -rspout rp_p256.der
	cmp genm $mac -infotype signKeyPairTypes -reqout genm_mac.der -rspout genp_mac.der
	cmp ir $(signed p256) $new -send_error -reqout ir_error.der -rspout error_p256.der
}
rm -f "$out"/good/*.der
mv ir_nopop.der "$out/bad"
cp ./*.der "$out/good"
ls "$out/good"
