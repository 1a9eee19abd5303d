# `perf script -F comm,period,ip,sym,dso` to folded stacks: the process first, weights are periods,
# kernel frames marked _[k].
function flush_stack(    i, line) {
    if (comm == "")
        return
    line = comm
    for (i = depth; i > 0; i--)
        line = line ";" frames[i]
    weight[line] += period
    comm = ""
    depth = 0
}
/^[[:space:]]*$/ { flush_stack(); next }
/^[^[:space:]]/ { flush_stack(); comm = $1; period = $2; next }
{
    dso = $NF
    $1 = ""
    $NF = ""
    gsub(/^ +| +$/, "")
    gsub(/;/, ":")
    frames[++depth] = $0 (dso ~ /kernel/ ? "_[k]" : "")
}
END {
    flush_stack()
    for (line in weight)
        print line, weight[line] | "LC_ALL=C sort"
}
