#!/usr/bin/env bash
# A disk as an operator might bring one: MBR, SYSLINUX on FAT, Debian's kernel, a small root on
# ext4. It waits for a disc and starts what is on it, as docs/sandbox.md says.
#   image.sh DISK MACHINE_ID
set -euo pipefail
disk=$1 machine_id=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
apt-get -qq -o APT::Sandbox::User=root download "$package" >&2
dpkg-deb -x ./*.deb kernel
modules=$(echo kernel/lib/modules/*/kernel)

# What the initial file system loads, in this order, with what each needs.
# busybox, and what it is linked with.
take_busybox() {
  local library
  mkdir -p "$1/bin"
  cp /bin/busybox "$1/bin/busybox"
  for library in $(ldd /bin/busybox | grep -o '/[^ ]*'); do
    mkdir -p "$1$(dirname "$library")"
    cp -L "$library" "$1$library"
  done
}

mkdir -p initial/{bin,dev,proc,sys,modules,root}
take_busybox initial
declare -A seen
order=()
take() {
  local path needs need
  [ -z "${seen[$1]:-}" ] || return 0
  seen[$1]=1
  path=$(find "$modules" -name "$1.ko" -print -quit)
  [ -n "$path" ] || return 0
  needs=$(modinfo -F depends "$path" | tr ',-' ' _')
  for need in $needs; do take_either "$need"; done
  cp "$path" "initial/modules/"
  order+=("$(basename "$path")")
}
# Names of files have dashes where names of modules have underscores.
take_either() {
  if [ -n "$(find "$modules" -name "$1.ko" -print -quit)" ]; then take "$1"; else take "${1//_/-}"; fi
}
for module in ahci sd_mod sr_mod crc32c_generic ext4 isofs e1000e button evdev; do
  take_either "$module"
done
{
  echo '#!/bin/busybox sh'
  echo '/bin/busybox mount -t devtmpfs dev /dev'
  for module in "${order[@]}"; do echo "/bin/busybox insmod /modules/$module"; done
  cat <<'INIT'
until /bin/busybox mount -t ext4 /dev/sda2 /root; do /bin/busybox sleep 0.2; done
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
INIT
} > initial/init
chmod 755 initial/init
(cd initial && find . | cpio -o -H newc --quiet | gzip -1) > initial.gz

mkdir -p root/{bin,sbin,dev,proc,sys,tmp,etc,root,media,usr/bin,var/{log,tmp}}
take_busybox root
for name in sh mount umount mkdir sleep ip udhcpc dirname cp chmod date poweroff acpid sync; do
  ln -s busybox "root/bin/$name"
done
echo "$machine_id" > root/etc/machine-id
echo 'old line' > root/etc/motd
echo 'to be deleted' > root/root/notes
cat > root/etc/udhcpc <<'LEASE'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/24" dev "$interface"
ip route add default via $router
echo "nameserver $dns" > /etc/resolv.conf
LEASE
cat > root/sbin/init <<'INIT'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -o remount,rw /
ip link set lo up
ip link set eth0 up
udhcpc -q -s /etc/udhcpc
# The power button.
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\nsync\nmount -o remount,ro /\npoweroff -f\n' > /etc/acpi/PWRF/00000080
chmod 755 /etc/acpi/PWRF/00000080
acpid
until mount -t iso9660 -o ro /dev/sr0 /media 2>/dev/null && [ -e /media/ukai/run.sh ]; do
  umount /media 2>/dev/null
  sleep 1
done
sh /media/ukai/run.sh
while :; do sleep 1000; done
INIT
chmod 755 root/sbin/init root/etc/udhcpc

truncate -s 320M "$work/disk"
printf 'label: dos\nstart=2048, size=131072, type=c, bootable\nstart=133120, type=83\n' |
  sfdisk -q "$work/disk"
boot=$((2048 * 512)) rest=$((133120 * 512))
mformat -i "$work/disk@@$boot" -T 131072 -h 255 -s 63 -F ::
mcopy -i "$work/disk@@$boot" kernel/boot/vmlinuz-* ::linux
mcopy -i "$work/disk@@$boot" initial.gz ::initial
printf 'default l\nlabel l\n kernel linux\n append initrd=initial console=ttyS0 panic=-1 net.ifnames=0\n' > syslinux.cfg
mcopy -i "$work/disk@@$boot" syslinux.cfg ::
syslinux --offset "$boot" "$work/disk"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$work/disk" conv=notrunc bs=440 count=1 status=none
mkfs.ext4 -q -F -d root -E "offset=$rest" "$work/disk" $(((320 * 1024 * 1024 - rest) / 1024))k
qemu-img convert -O qcow2 "$work/disk" "$disk"
