# What "git swarm server-hook" prints: the pre-receive hook of a repository that is a
# hub. A ref of the swarm is never deleted or moved back, and the branches on which work
# lands are moved only along with the push lock, as "git swarm push" does: a holder that
# has lost the lock lands nothing, and a plain push there is refused.
[ $# -gt 0 ] || set -- "$(git symbolic-ref -q HEAD)"

refuse() {
	echo "git swarm: $*" >&2
	exit 1
}

absent() {
	case $1 in *[!0]*) return 1 ;; esac
}

landing='' locks=''
while read -r old new ref; do
	case $ref in
	"$prefix"probe | "$prefix"tips/*) ;;
	"$prefix"*)
		absent "$new" && refuse "'$ref' is not deleted"
		absent "$old" || git merge-base --is-ancestor "$old" "$new" || refuse "'$ref' is not moved back"
		if [ "$ref" = "${prefix}locks" ]; then
			locks=$old..$new
			absent "$old" && locks=$new
		fi
		;;
	esac
	for branch; do
		[ "$ref" = "$branch" ] && ! absent "$old" && landing=$ref
	done
done

[ -n "$landing" ] || exit 0
[ -n "$locks" ] || refuse "'$landing' is moved by 'git swarm push', which takes the push lock"
git log --format=%s "$locks" -- | awk '
	/^push lock: released by / && !freed { freed = $5; sub(/,$/, "", freed) }
	/^push lock: held by / && !held { held = $5; sub(/,$/, "", held) }
	END { exit !(freed != "" && freed == held) }
' || refuse "'$landing' is moved without the push lock"
