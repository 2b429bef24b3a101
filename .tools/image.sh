#!/usr/bin/env bash
# Lays out what belongs into the container image in target/image, and builds it with buildah into target/saoma-image.tar, an
# archive as `docker load` and `podman load` take it. Usage: .tools/image.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=target/release/saoma
image=target/image
root=$image/root

rm -rf "$image"
mkdir -p "$image/data" "$root"/{usr/bin,etc/ssl/certs}
install -m 0755 "$program" "$root/usr/bin/saoma"
# The loader and the libraries under the names by which the program asks for them.
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
  install -D -m 0755 "$(realpath "$library")" "$root$library"
done
# By which WeChat Pay is known.
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'saoma:x:10001:10001::/data:' >"$root/etc/passwd"
echo 'saoma:x:10001:' >"$root/etc/group"
# Names of the container's own network before those of the world.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
mkdir -p "$root/usr/share/doc/saoma"
cp LICENSE-MIT LICENSE-APACHE "$root/usr/share/doc/saoma/"

store=$(mktemp -d "${TMPDIR:-/tmp}/saoma-buildah.XXXXXX")
trap 'rm -rf "$store"' EXIT
storage=(--storage-driver vfs --root "$store/root" --runroot "$store/run")
# Docker's format: the other one knows no health check.
buildah "${storage[@]}" build --format docker --isolation chroot --tag saoma --file deploy/Containerfile "$image"
rm -f target/saoma-image.tar
buildah "${storage[@]}" push saoma docker-archive:target/saoma-image.tar:saoma:latest
du -h target/saoma-image.tar
