# The longest functions, in lines: functions here begin with { and end with }
# in the first column.
FNR == 1 { head = "" }
/^[a-zA-Z]/ && /\(/ { head = $0 }
/^{/ { start = FNR }
/^}/ && head && start {
	sub(/\(.*/, "", head)
	sub(/.*[ *]/, "", head)
	printf "%4d  %s:%d %s\n", FNR - start + 1, FILENAME, start, head
	start = 0
}
