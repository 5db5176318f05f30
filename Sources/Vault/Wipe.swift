/// Overwrites a buffer that held a key. Not inlined and not optimised, so that the writes are not dropped as useless.
@inline(never)
@_optimize(none)
func wipe<Byte: FixedWidthInteger>(_ bytes: inout [Byte]) {
    for index in bytes.indices { bytes[index] = 0 }
}
