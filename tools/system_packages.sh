#!/bin/sh
# Sees that the system libraries are there, and installs what is missing where that is possible (Debian, root).
#
#     tools/system_packages.sh app    what OpenCV needs; and where it can be installed, what PDF reports need
#     tools/system_packages.sh test   that, and what the browser tests need
#     tools/system_packages.sh venv   what Debian leaves out of Python
set -eu

[ "$(uname)" = Linux ] || exit 0
PATH="$PATH:/usr/sbin:/sbin"
missing=""
need() { case "$missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac }
can_install() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
library() { ldconfig -p 2>/dev/null | grep -q "$1" || need "$2"; }

opencv() {
    library libGL.so.1 libgl1
    library libglib-2.0.so.0 libglib2.0-0
}
pdf() {
    library libpango-1.0.so.0 libpango-1.0-0
    library libpangoft2-1.0.so.0 libpangoft2-1.0-0
    library libharfbuzz-subset.so.0 libharfbuzz-subset0
    japanese
}
browser() {
    command -v chromium >/dev/null || need chromium
    japanese
}
japanese() {
    ls /usr/share/fonts/opentype/noto/NotoSansCJK-*.ttc >/dev/null 2>&1 || need fonts-noto-cjk
}
case "$1" in
    app) opencv; if can_install; then pdf; fi ;;  # all but the PDF report works without
    test) opencv; pdf; browser ;;
    venv) need python3-venv ;;
esac
[ -n "$missing" ] || exit 0

if ! can_install; then
    echo "Missing system packages:$missing" >&2
    echo "Install them (on Debian, as root: apt-get install$missing) and call make again." >&2
    exit 1
fi
echo "Installing system packages:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  the list is meant to be split
apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 ||
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing >/dev/null; }
