#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run a script on Debian's own kernel, in a virtual machine without a disk: its file system is
# made of programs of this machine, and what the script needs besides. Always emulated: a KVM
# inside of another virtual machine is often there and does not work. Prints what the script prints
# and ends with its exit code; 125: the machine did not come up.
#
#	boot.sh [-t SECONDS] [-d DISK.img] [-m MODULES] SCRIPT [FILE...]
#	boot.sh -o IMAGE SCRIPT [FILE...]
#
# -o: make the initial file system, and IMAGE.kernel beside it, and boot nothing.
# Each FILE (or folder) and the libraries that it needs are there under the same path; `python3`
# stands for Debian's whole interpreter. -d: a raw image, the machine's /dev/vda, opened without
# the cache of this machine. -m: what the kernel has besides what is built in; else all that the
# tests need.
set -euo pipefail
cd "$(dirname "$0")/../.."
B=${B:-build}
limit=240 disk= only=
# What is loaded at start; the rest of what the tests need hangs on these.
modules="virtio_pci virtio_blk virtio_console veth dummy nf_tables nft_compat ip_set ip_set_hash_ip ip_set_hash_net
	ip_set_hash_netport ip_set_bitmap_port ip_set_list_set xt_set ip_tables iptable_raw nf_conntrack nf_conntrack_netlink
	nft_ct nft_counter nft_fib_inet tcp_diag inet_diag udp_diag overlay"
while getopts t:d:m:o: option; do
	case $option in
	t) limit=$OPTARG ;;
	o) only=$OPTARG ;;
	d) disk=$OPTARG ;;
	m) modules=$OPTARG ;;
	*) exit 125 ;;
	esac
done
shift $((OPTIND - 1))
script=$1
shift

tests/unpack.sh "$B/peers/linux" linux-image-cloud-amd64 || exit 125
linux=$PWD/$B/peers/linux
kernel=$(echo "$linux"/boot/vmlinuz-*)
release=${kernel##*/vmlinuz-}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

add() { # a file as it lies, with what it is linked to
	local path=$1 real
	[ -e "$root$path" ] && return 0
	mkdir -p "$root$(dirname "$path")"
	cp -a "$path" "$root$path"
	real=$(realpath "$path")
	if [ "$real" != "$path" ] && [ ! -e "$root$real" ]; then
		mkdir -p "$root$(dirname "$real")"
		cp -a "$real" "$root$real"
	fi
	[ -f "$real" ] && [ -x "$real" ] || return 0
	for library in $(ldd "$real" 2>/dev/null | grep -o '/[^ ]*'); do
		add "$library"
	done
}

add_python() {
	local lib=/usr/lib/python3.* version
	lib=$(echo $lib | tr ' ' '\n' | grep -v dist | sort | tail -n 1)
	version=${lib##*/}
	add "/usr/bin/$version"
	ln -sf "$version" "$root/usr/bin/python3"
	mkdir -p "$root$lib"
	(cd "$lib" && find . \( -name test -o -name idlelib -o -name tkinter -o -name '__pycache__' -o -name ensurepip \
		-o -name lib2to3 -o -name pydoc_data -o -name 'config-*' \) -prune -o -type f -print0 |
		cpio -0 -o -H newc --quiet) | (cd "$root$lib" && cpio -id --quiet)
	for object in "$root$lib"/lib-dynload/*.so; do
		for library in $(ldd "$object" 2>/dev/null | grep -o '/[^ ]*'); do add "$library"; done
	done
}

add_modules() {
	local from=$linux/lib/modules/$release list
	mkdir -p "$root/lib/modules/$release"
	[ -e "$from/modules.dep.bin" ] || depmod -b "$linux" "$release"
	list=$(for module in $modules; do
		modprobe -d "$linux" -S "$release" --show-depends "$module" 2>/dev/null |
			sed -n 's/^insmod //p'
	done | awk '!seen[$1]++ { print $1 }')
	for module in $list; do
		cp "$module" "$root/lib/modules/$release/"
		echo "/lib/modules/$release/${module##*/}"
	done >"$root/lib/modules/list"
}

mkdir -p "$root"/{dev,proc,sys,tmp,run,etc,var/lib,root,usr/{bin,sbin,lib,lib64}}
for folder in bin sbin lib lib64; do ln -s usr/$folder "$root/$folder"; done
add /bin/busybox
add /bin/dash
ln -sf dash "$root/bin/sh" # busybox's own would take its applets for ip and others
for applet in mount umount insmod poweroff mkdir cat ls echo sleep ln rm cp mv sync ps kill grep sed \
	head tail awk dmesg hostname mktemp dirname basename realpath env true false seq tr cut wc date id test touch chmod chown find stat od; do
	ln -sf busybox "$root/bin/$applet"
done
add_modules
for file in "$@"; do
	case $file in
	python3) add_python ;;
	*)
		if [ -d "$file" ]; then
			mkdir -p "$root$file" && cp -a "$file/." "$root$file/"
		else
			add "$file"
		fi
		;;
	esac
done
cp "$script" "$root/script"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
cat >"$root/init" <<'END'
#!/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm && mount -t devpts pts /dev/pts
# Not over a tree that lies there.
[ -n "$(ls -A /tmp)" ] || mount -t tmpfs tmp /tmp
mount -t tmpfs run /run && mount -t tmpfs shm /dev/shm
ln -sf /proc/self/fd /dev/fd
for module in $(cat /lib/modules/list); do insmod $module 2>/dev/null; done
ip link set lo up 2>/dev/null
echo "machine: up, Linux $(cat /proc/sys/kernel/osrelease)"
sh /script
echo "machine: exit $?"
poweroff -f
END
chmod +x "$root/init"
mkdir -p "$B/qemu"
image=$(mktemp "$B/qemu/initramfs.XXXXXX")
trap 'rm -rf "$root" "$image"' EXIT
(cd "$root" && find . -print0 | cpio -0 -o -H newc --quiet) >"$image"

if [ -n "$only" ]; then
	mv "$image" "$only"
	ln -sf "$kernel" "$only.kernel"
	exit 0
fi
log=$image.log
# no_timer_check: at its start Linux waits for ticks of the timer and panics when they are late, as
# on a host that is busy.
trap 'rm -rf "$root" "$image" "$log"' EXIT
timeout "$limit" qemu-system-x86_64 -accel tcg,thread=multi -m 1024 -smp 2 -nodefaults -no-reboot -display none \
	-serial stdio -kernel "$kernel" -initrd "$image" -append "console=ttyS0 quiet panic=-1 loglevel=3 no_timer_check mitigations=off" \
	${disk:+-drive file="$disk",format=raw,if=virtio,cache=none} </dev/null 2>&1 | sed -u "s,\r\$,," | tee "$log" || true
code=$(sed -n 's/^machine: exit \([0-9]*\).*/\1/p' "$log" | tail -n 1)
[ -n "$code" ] || { echo "boot.sh: the machine did not reach the end of the script" >&2; exit 125; }
exit "$code"
