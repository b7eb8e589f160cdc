#!/usr/bin/env bash
# Installs what is missing for building (`build`) or for testing (`test`), from
# Debian's packages and crates.io. Does nothing where everything is there.
set -euo pipefail

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# command:package (or file:package), one line for each thing that must be there.
build_needs=(cc:build-essential curl:curl)
test_needs=(
  named:bind9 rndc:bind9-utils dig:bind9-dnsutils
  nft:nftables ip:iproute2 unshare:util-linux
  nmap:nmap hydra:hydra telnet:telnet nc:netcat-openbsd
  chromium:chromium tlsh_unittest:tlsh-tools ssdeep:ssdeep busybox:busybox
  ssh:openssh-client sshd:openssh-server dropbear:dropbear-bin sshpass:sshpass
  in.tftpd:tftpd-hpa vsftpd:vsftpd python3:python3 git:git xz:xz-utils
  # Real clients against our services.
  ssh:openssh-client sshpass:sshpass medusa:medusa ncrack:ncrack ssh-audit:ssh-audit
  lftp:lftp wget:wget tnftp:tnftp tftp:tftp-hpa swaks:swaks expect:expect
  # Real servers, which the tests start on loopback and compare ours with.
  sshd:openssh-server dropbear:dropbear-bin postfix:postfix dovecot:dovecot-core
  mariadbd:mariadb-server mariadb:mariadb-client
  telnetd:inetutils-telnetd nginx:nginx-light bash:bash redis-server:redis-server
  psql:postgresql-client-15
  # Programs that ours are compared with.
  python3.11:python3.11 perl:perl php:php8.2-cli bzip2:bzip2 zip:zip unzip:unzip
  inetutils-telnet:inetutils-telnet openssl:openssl osslsigncode:osslsigncode screen:screen tmux:tmux
  file:file 7zz:7zip zstd:zstd lzip:lzip lz4:lz4 lzop:lzop compress:ncompress cpio:cpio ar:binutils rpmbuild:rpm gcab:gcab arj:arj
  lha:lhasa i686-w64-mingw32-windres:binutils-mingw-w64-i686
  genisoimage:genisoimage mksquashfs:squashfs-tools uuencode:sharutils
  mkfs.cramfs:util-linux mkfs.jffs2:mtd-utils mkfs.ubifs:mtd-utils ubinize:mtd-utils
  qpdf:qpdf mformat:mtools lnkinfo:liblnk-utils
  lsb_release:lsb-release gcc:gcc make:make
  ps:procps netstat:net-tools lsof:lsof killall:psmisc iptables:iptables sudo:sudo
  crontab:cron adduser:adduser useradd:passwd lsattr:e2fsprogs
  # Clients of our network stack.
  masscan:masscan zmap:zmap p0f:p0f traceroute:traceroute ping:iputils-ping
  # What our capture files are read with, and what reads theirs.
  tshark:tshark capinfos:wireshark-common gzip:gzip zstd:zstd
  # A machine's network device.
  x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64 i686-w64-mingw32-gcc:gcc-mingw-w64-i686
  qemu-system-x86_64:qemu-system-x86 ethtool:ethtool setpriv:util-linux cpio:cpio
  # Specimens for the sandbox's guest.
  arm-linux-gnueabi-gcc:gcc-arm-linux-gnueabi mips-linux-gnu-gcc:gcc-mips-linux-gnu
  mipsel-linux-gnu-gcc:gcc-mipsel-linux-gnu
  # Disks that are read, and one that is booted.
  mkntfs:ntfs-3g debugfs:e2fsprogs mkfs.ext4:e2fsprogs sfdisk:fdisk qemu-img:qemu-utils
  modinfo:kmod syslinux:syslinux /usr/lib/syslinux/mbr/mbr.bin:syslinux-common mcopy:mtools isoinfo:genisoimage evtxexport:libevtx-utils
  # Anti-virus engines; c-icap with the scanner that asks clamd.
  clamd:clamav-daemon clamscan:clamav c-icap:c-icap
  # Clients of the virtual Internet.
  drill:ldnsutils aria2c:aria2 mosquitto_sub:mosquitto-clients irssi:irssi wget:wget
  ntpdate:ntpsec-ntpdate chronyd:chrony ldapsearch:ldap-utils certutil:libnss3-tools
  redis-cli:redis-tools script:bsdutils
  # What suggested rules are tried in; Debian 12 has it in backports.
  suricata:suricata
  # Scanners and floods that the telescope must recognise.
  zmap:zmap masscan:masscan nmap:nmap hping3:hping3 tcpdump:tcpdump
  # Whose addresses are, as Debian's reader of its database says it.
  location:location
  # Tools whose real ones the shell's are compared with.
  xxd:xxd hexdump:bsdextrautils bc:bc dc:dc mawk:mawk ed:ed
)

# Debian has some packages in its backports only: they come from where the rest does.
# Prints the suite, or nothing where this is not Debian.
add_backports() {
  local sources=/etc/apt/sources.list.d/debian.sources suite
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ -n "$suite" ] && [ -e "$sources" ] || return 0
  if [ ! -e /etc/apt/sources.list.d/backports.sources ]; then
    say "adding $suite-backports"
    awk -v suite="$suite-backports" \
      '/^$/ {exit} /^Suites:/ {$0 = "Suites: " suite} !/^#/ {print}' "$sources" \
      | "$@" tee /etc/apt/sources.list.d/backports.sources >/dev/null
    "$@" apt-get update -qq
  fi
  echo "$suite-backports"
}

install_packages() {
  local missing=() pair package
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 \
      || [ -x "/usr/sbin/${pair%%:*}" ] \
      || [[ $pair == /* && -e ${pair%%:*} ]] \
      || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get: ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run once as root: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  # RUNLEVEL=1 keeps the packages' own services (named, vsftpd, tftpd) from starting.
  local install=("${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends)
  local ours=() newer=() suite
  if apt-get install -s -qq "${missing[@]}" >/dev/null 2>&1; then
    ours=("${missing[@]}")
  else
    # Some are in backports only, some do not go with what is installed from there.
    suite=$(add_backports "${sudo[@]:-env}")
    for package in "${missing[@]}"; do
      if apt-get install -s -qq --no-install-recommends "$package" >/dev/null 2>&1; then
        ours+=("$package")
      else
        newer+=("$package")
      fi
    done
  fi
  [ ${#ours[@]} -eq 0 ] || "${install[@]}" "${ours[@]}" >/dev/null
  [ ${#newer[@]} -eq 0 ] || "${install[@]}" ${suite:+-t "$suite"} "${newer[@]}" >/dev/null
}

# A package whose program is only looked at beside another that Debian does not let
# stand beside it: unpacked into a folder of its own, its libraries installed.
unpack_package() {
  local package=$1 program=$2 folder=/opt/ukai-test
  [ -x "$folder/$package/$program" ] && return
  say "unpacking $package"
  local sudo=() needs
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  needs=$(apt-cache depends "$package" | awk '/ Depends:/ && $2 ~ /^lib/ {print $2}')
  # shellcheck disable=SC2086
  "${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $needs >/dev/null
  local archives
  archives=$(mktemp -d)
  chmod 755 "$archives"
  (cd "$archives" && apt-get download -qq "$package")
  "${sudo[@]}" mkdir -p "$folder"
  "${sudo[@]}" dpkg -x "$archives/$package"_*.deb "$folder/$package"
  rm -rf "$archives"
}

add_user() {
  id "$1" >/dev/null 2>&1 && return
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" useradd -M -r -s /usr/sbin/nologin "$1"
}

# A kernel for guests: only looked at, never booted by this machine.
guest_kernel() {
  local folder=/opt/ukai-test/guest-kernel package archives
  [ -e "$folder/boot" ] && return
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '/ Depends:/ {print $2; exit}')
  [ -n "$package" ] || die "apt knows no linux-image-cloud-amd64"
  say "unpacking $package"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  archives=$(mktemp -d)
  chmod 755 "$archives"
  (cd "$archives" && apt-get download -qq "$package")
  "${sudo[@]}" mkdir -p "$folder.new"
  "${sudo[@]}" dpkg -x "$archives/$package"_*.deb "$folder.new"
  "${sudo[@]}" mv "$folder.new" "$folder"
  rm -rf "$archives"
}

# The peer that the detectors of honeypots must find. It does not run as root, and an
# interpreter below root's home would be closed to it: hence Debian's.
install_cowrie() {
  local folder=/opt/ukai-test/cowrie
  [ -x "$folder/bin/twistd" ] && return
  say "installing Cowrie from PyPI"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" mkdir -p "${folder%/*}"
  "${sudo[@]}" /usr/bin/python3 -m venv "$folder"
  "${sudo[@]}" "$folder/bin/pip" install --quiet --disable-pip-version-check cowrie==3.1.4
}

# SSH and MongoDB as libraries speak them.
install_python_clients() {
  local folder=/opt/ukai-test/python
  "$folder/bin/python" -c 'import paramiko, asyncssh, pymongo' 2>/dev/null && return
  say "installing paramiko, asyncssh and pymongo from PyPI"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" mkdir -p "${folder%/*}"
  "${sudo[@]}" python3 -m venv "$folder"
  "${sudo[@]}" "$folder/bin/pip" install --quiet --disable-pip-version-check \
    paramiko==3.5.1 asyncssh==2.21.0 pymongo==4.20.1
}

# What reads program headers by the book; ours are compared with it. telfhash comes without
# what it needs for stripped programs. PyInstaller's writers make archives to take apart,
# xlwt's books, which msoffcrypto closes.
install_reference_parsers() {
  local folder=/opt/ukai-test/references
  "$folder/bin/python" -c 'import pefile, elftools, PyInstaller, xlwt, msoffcrypto' 2>/dev/null && return
  say "installing pefile, pyelftools, telfhash, PyInstaller, xlwt and msoffcrypto from PyPI"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" mkdir -p "${folder%/*}"
  "${sudo[@]}" /usr/bin/python3 -m venv "$folder"
  "${sudo[@]}" "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    pefile==2024.8.26 pyelftools==0.33 telfhash==0.9.8 xlwt==1.3.0 \
    pyinstaller==6.16.0 pyinstaller-hooks-contrib==2026.9 altgraph==0.17.4 packaging==25.0 \
    setuptools==80.9.0 msoffcrypto-tool==6.1.0 olefile==0.47 cryptography==50.0.2 cffi==2.1.1 \
    pycparser==3.12
}

need_rust() {
  command -v cargo >/dev/null || die "no Rust tool chain: install Rust 1.95 or newer (https://rustup.rs), then run this again"
  local version
  version=$(rustc --version | awk '{print $2}')
  [ "$(printf '1.95.0\n%s\n' "${version%%-*}" | sort -V | head -n1)" = 1.95.0 ] \
    || die "Rust $version is too old: 1.95 or newer is needed (rustup update)"
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null \
    || die "no Node: install Node.js 20 or newer with npm, then run this again"
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] \
    || die "Node $(node --version) is too old: 20 or newer is needed"
}

# A cargo tool, built once and kept beside cargo. Not built into the checkout's
# target folder, where a clean would lose it.
cargo_tool() {
  local name=$1 version=$2; shift 2
  command -v "$name" >/dev/null 2>&1 && return
  say "building $name $version (once)"
  env -u CARGO_TARGET_DIR cargo install --quiet --locked "$name@$version" "$@"
}

case "${1:-}" in
  build)
    need_rust; need_node
    install_packages "${build_needs[@]}"
    ;;
  test)
    need_rust; need_node
    install_packages "${build_needs[@]}" "${test_needs[@]}"
    # Debian splits this module off; there is no command to look for.
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null \
      || install_packages no-such-command:python3-venv no-such-command:python3
    # Mail and IMAP servers come as modules; vsftpd and proftpd exclude each other.
    [ -e /usr/lib/dovecot/pop3 ] || install_packages no-such-command:dovecot-pop3d
    [ -e /usr/lib/dovecot/imap ] || install_packages no-such-command:dovecot-imapd
    # Its programs are in no folder of the path.
    [ -x /usr/lib/postgresql/15/bin/postgres ] || install_packages no-such-command:postgresql-15
    [ -e /usr/lib/x86_64-linux-gnu/c_icap/virus_scan.so ] \
      || install_packages no-such-command:libc-icap-mod-virus-scan
    [ -e /usr/share/libloc-location/location.db ] \
      || install_packages no-such-command:libloc-database
    # What swaks needs for STARTTLS and for DIGEST-MD5.
    perl -MNet::SSLeay -e 1 2>/dev/null || install_packages no-such-command:libnet-ssleay-perl
    perl -MAuthen::SASL -e 1 2>/dev/null || install_packages no-such-command:libauthen-sasl-perl
    perl -MDigest::HMAC_MD5 -e 1 2>/dev/null \
      || install_packages no-such-command:libdigest-hmac-perl
    # C libraries of other processors, which their compilers only recommend.
    for cross in arm-linux-gnueabi:armel mips-linux-gnu:mips mipsel-linux-gnu:mipsel; do
      [ -e "/usr/${cross%%:*}/lib/libc.a" ] \
        || install_packages "no-such-command:libc6-dev-${cross#*:}-cross"
    done
    unpack_package proftpd-core usr/sbin/proftpd
    # What its package would have made.
    add_user proftpd
    # The one with telnetd and login.
    unpack_package busybox-static bin/busybox
    guest_kernel
    install_cowrie
    /usr/bin/python3 -c 'import ctypes; ctypes.CDLL("libucl.so.1")' 2>/dev/null \
      || install_packages no-such-command:libucl1
    install_python_clients
    install_reference_parsers
    cargo_tool cargo-nextest 0.9.143
    cargo_tool cargo-deny 0.20.2 --no-default-features
    ;;
  fuzz)
    need_rust
    install_packages "${build_needs[@]}"
    cargo_tool cargo-fuzz 0.13.2
    ;;
  *) die "usage: tools/setup.sh build|test|fuzz" ;;
esac
