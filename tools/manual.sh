#!/bin/sh
# manual.sh PROGRAM PAGE - the manual page's source with the options and commands that the program tells itself
# (--help) in the places of @OPTIONS@ and @COMMANDS@: for scdoc.
set -eu
program=$1

# "  -j, --jid JID    the account" becomes "*-j*, *--jid* _JID_" and, indented, "the account".
options() {
    awk '/^  (-.,|   ) --/ {
        typed = substr($0, 3, 30); summary = substr($0, 33)
        if (substr($0, 33, 2) != "  ") { match($0, /[^ ]  +[^ ]/); typed = substr($0, 3, RSTART - 2); summary = substr($0, RSTART + 1) }
        gsub(/^ +| +$/, "", typed); gsub(/^ +| +$/, "", summary)
        n = split(typed, word, " "); line = ""
        for (i = 1; i <= n; i++) {
            comma = word[i] ~ /,$/ ? "," : ""; sub(/,$/, "", word[i])
            mark = word[i] ~ /^-/ ? "*" : "_"
            line = line (i > 1 ? " " : "") mark escape(word[i]) mark comma
        }
        print line "\n\t" escape(summary) "\n"
    }
    function escape(text) { gsub(/[\\*_<>#`]/, "\\\\&", text); return text }'
}
commands() {
    "$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r command; do
        "$program" "$command" --help > "$scratch"
        printf '## soap-xmpp %s\n\n' "$command"
        sed -n '1s/^usage: //p' "$scratch" | sed 's/[\\*_<>#`]/\\&/g; s/.*/*&*/'
        echo
        # Its description, up to the options: as it stands, indented lines as literal blocks.
        sed '1,2d; /^Options\(:\| of all\)/,$d' "$scratch" | awk '
            /^  / { if (!inside) print "```"; inside = 1; print; next }
            { if (inside) print "```"; inside = 0; gsub(/[\\*_<>#`]/, "\\\\&"); print }
            END { if (inside) print "```" }'
        echo
        sed -n '/^Options:/,/^$/p' "$scratch" | options
    done
}

scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
while IFS= read -r line; do
    case $line in
    @OPTIONS@) "$program" --help | options ;;
    @COMMANDS@) commands ;;
    *) printf '%s\n' "$line" ;;
    esac
done < "$2"
