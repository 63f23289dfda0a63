#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What tools/quickstart does otherwise with --interop: a server for authors of clients. Its functions take the place of
# those of tools/quickstart, which reads this file; $dir, $port and the like are from there. What can be tried, and with
# which credential, is in tools/interop/try.
# shellcheck disable=SC2154

initialise() {
	port=${port:-8090}
	mkdir -p "$(dirname "$dir")"
	# What an init that was interrupted left: it is renamed to DIR only when it is complete.
	rm -rf -- "$dir".init-??????
	build/cmfctl init --dir "$dir" --listen "127.0.0.1:$port" >/dev/null
	say "made $shown"
}

# Of the directory that init made: it is complete when `try` is there.
make_demo() {
	[ ! -e "$dir/try" ] || return 0
	rm -rf -- "$dir/interop"
	mkdir -m 700 "$dir/interop"
	interop_credentials "$dir/interop"
	interop_configuration
	printf '#!/bin/sh\nexec %q %q "$@"\n' "$project/tools/interop/try" "$dir" >"$dir/try.new"
	chmod 755 "$dir/try.new"
	mv "$dir/try.new" "$dir/try"
}

# --- configuration ----------------------------------------------------------------------------------------------

# Kinds of key that only a newer OpenSSL has.
interop_ml() { # kind, ...
	local kind
	for kind in "$@"; do
		if openssl list -public-key-algorithms | grep -qi "$kind"; then printf ', %s' "$kind"; fi
	done
}

interop_configuration() {
	local sign kem at profile=''
	at=$(configured listen)
	sign=$(interop_ml ml-dsa-44 ml-dsa-65 ml-dsa-87)
	kem=$(interop_ml ml-kem-512 ml-kem-768 ml-kem-1024)
	if [ -n "$sign" ]; then
		profile="[profile ml]\ncert_type = VnfciCert\nkey_types = ${sign#, }$kem\ncentral_key_types = ${sign#, }\n"
		profile+="common_name = any\ndns_names = any\nextension_section = any_use"
	fi
	sed -e "s|@PORT@|$at|g" -e "s|@METRICS@|$(metrics_port "$at")|g" -e "s|@ML_SIGN@|$sign|" \
		-e "s|@ML_ALL@|$sign$kem|" -e "s|@ML_PROFILE@|$profile|" tools/interop/cmf.cnf >"$dir/cmf.cnf.new"
	chmod 600 "$dir/cmf.cnf.new"
	mv "$dir/cmf.cnf.new" "$dir/cmf.cnf"
}

# --- credentials ------------------------------------------------------------------------------------------------

interop_key() { # file without its end, kind
	case $2 in
	ec) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" ;;
	rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
	*) openssl genpkey -algorithm "$2" -out "$1.key" ;;
	esac 2>/dev/null
}

interop_root() { # file, subject, extension of openssl req, ...
	local file=$1 subject=$2 arguments=() extension
	shift 2
	for extension in "$@"; do arguments+=(-addext "$extension"); done
	interop_key "$file" ec
	openssl req -x509 -new -config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') -key "$file.key" \
		-subj "$subject" -days 3650 -out "$file.pem" "${arguments[@]}" \
		-addext "subjectKeyIdentifier = hash" 2>/dev/null
}

interop_issue() { # issuer, file, kind of key, subject, extension, ...
	local issuer=$1 file=$2 subject=$4
	interop_key "$file" "$3"
	shift 4
	openssl req -new -config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') -key "$file.key" -subj "$subject" |
		openssl x509 -req -CA "$issuer.pem" -CAkey "$issuer.key" -set_serial "0x$(openssl rand -hex 8)" -days 825 \
			-extfile <(printf '%s\n' "$@" "subjectKeyIdentifier = hash" "authorityKeyIdentifier = keyid") \
			-out "$file.pem" 2>/dev/null
}

interop_credentials() { # folder
	local out=$1 usage="keyUsage = critical, digitalSignature" ca="basicConstraints = critical, CA:TRUE"
	local signs="keyUsage = critical, keyCertSign, cRLSign" kind
	cp "$dir/ca/root.pem" "$out/root.pem"
	# The server's.
	interop_issue "$dir/ca/root" "$out/encryption" rsa /CN=cmf-encryption "keyUsage = critical, keyEncipherment"
	interop_issue "$dir/ca/root" "$out/kga" ec /CN=cmf-kga "$usage" "extendedKeyUsage = 1.3.6.1.5.5.7.3.32"
	# Clients. Those with the same subject are one client, whichever of its certificates signs.
	interop_root "$out/ca" "/O=Interop/CN=CA of clients" "$ca" "$signs"
	for kind in ec rsa ed25519 ed448; do
		interop_issue "$out/ca" "$out/vnfm-$kind" "$kind" /CN=vnfm "$usage, keyAgreement, keyEncipherment"
	done
	interop_issue "$out/ca" "$out/openssl-ec" ec /CN=openssl "$usage, keyAgreement"
	interop_issue "$out/ca" "$out/openssl-rsa" rsa /CN=openssl "$usage, keyEncipherment"
	interop_issue "$out/ca" "$out/onap" ec /CN=onap "$usage"
	interop_issue "$out/ca" "$out/tpm" ec /CN=tpm "$usage"
	interop_issue "$out/ca" "$out/announcer" ec /CN=announcer "$usage"
	# Of a CA of their own, as a registration authority usually is of another than those it speaks for.
	interop_root "$out/ra-ca" "/O=Interop/CN=CA of authorities" "$ca" "$signs"
	interop_issue "$out/ra-ca" "$out/ra" ec /CN=ra "$usage" "extendedKeyUsage = 1.3.6.1.5.5.7.3.28"
	interop_issue "$out/ra-ca" "$out/siemens-ra" ec /CN=siemens-ra "$usage" "extendedKeyUsage = 1.3.6.1.5.5.7.3.28"
	interop_issue "$out/ra-ca" "$out/upstream-ra" ec /CN=upstream-ra "$usage"
	interop_root "$out/other-ca" "/CN=Other CA" "$ca" "$signs, digitalSignature"
	# A vendor of base stations.
	interop_root "$out/vendor-root" "/O=Vendor/CN=Root" "$ca" "$signs"
	interop_issue "$out/vendor-root" "$out/vendor-ca" ec "/O=Vendor/CN=Factory CA" "$ca" "$signs"
	interop_issue "$out/vendor-ca" "$out/base-station" ec "/O=Vendor/CN=enb-1.example.net/serialNumber=SN-1" "$usage"
	# Secrets: a passphrase for MACs that derive a key from it, keys as long as the others want them.
	(umask 077 && openssl rand -hex 32 >"$out/secret.txt")
	for kind in 16 24 32 64; do (umask 077 && openssl rand -hex $((kind / 2)) | tr -d '\n' >"$out/key-$kind.txt"); done
}

# --- clients ----------------------------------------------------------------------------------------------------

interop_signer() { # name, trust domain, CA, option, ...
	local name=$1 domain=$2 issuer=$3
	shift 3
	ctl client add "$name" --trust-domain "$domain" --trust-anchor "$dir/interop/$issuer.pem" --subject "/CN=$name" \
		--register-on-ir --default-profile VnfciCert "$@" >/dev/null
}

interop_mac() { # name, reference, file, option, ...
	local name=$1 reference=$2 file=$3
	shift 3
	ctl client add "$name" --trust-domain interop --mac --ref "$reference" --secret-file "$dir/interop/$file" \
		--register-on-ir --default-profile VnfciCert "$@" >/dev/null
}

add_clients() {
	local name all=register,request,revoke
	[ ! -f "$dir/interop/added" ] || return 0
	# What an earlier round that was interrupted has added.
	for name in $(ctl client list | awk 'NR > 1 { print $1 }'); do ctl client remove "$name" >/dev/null; done
	interop_signer vnfm interop ca --may "$all,recover"
	ctl client credential add vnfm --mac --ref vnfm --secret-file "$dir/interop/secret.txt" >/dev/null
	interop_signer openssl interop ca --policy openssl
	ctl client credential add openssl --mac --ref openssl --secret-file "$dir/interop/key-32.txt" >/dev/null
	interop_signer onap interop ca --policy onap
	ctl client credential add onap --mac --ref onap --secret-file "$dir/interop/secret.txt" >/dev/null
	interop_signer tpm interop ca --policy tpm
	interop_signer announcer interop ca --may announce
	interop_signer ra interop ra-ca --may "$all,ra"
	interop_signer siemens-ra interop ra-ca --may "$all,ra" --policy siemens-ra
	interop_signer upstream-ra upstream ra-ca --may "$all,ra"
	ctl client add other-ca --trust-domain interop --cert "$dir/interop/other-ca.pem" --may cross-certify >/dev/null
	ctl client add vendor --trust-domain interop --trust-anchor "$dir/interop/vendor-root.pem" --may "$all" \
		--register-on-ir --default-profile BaseStation --policy base-stations >/dev/null
	interop_mac key-16 key-16 key-16.txt
	interop_mac key-24 key-24 key-24.txt
	interop_mac key-32 key-32 key-32.txt
	interop_mac key-64 key-64 key-64.txt
	interop_mac bouncycastle bouncycastle secret.txt --policy secrets
	ctl register --requester upstream-ra --cert-type VnfciCert --subject-id delayed >/dev/null
	ctl register --requester vnfm --cert-type VnfciCert --profile delayed --subject-id delayed >/dev/null
	ctl register --requester other-ca --cert-type ManoCert --profile cross --ca cross \
		--subject-id other-ca.example.net >/dev/null
	touch "$dir/interop/added"
}

print_commands() {
	local q
	q=$(printf '%q' "$shown")
	cat <<END

cmfd serves CMP on http://127.0.0.1:$1/.well-known/cmp, for this machine alone; its files are in $shown.
What to try, with which credential (in $q/interop), and what it needs of the configuration
($q/cmf.cnf). $q/try NAME does it with \`openssl cmp\`, of that version or later, and shows
the command; where that has no option for it, \`-\`, it says what a client has to send. OPENSSL=PROGRAM takes another.

END
	"$dir/try"
	echo
}
