/// Overwrites a buffer that held a key. Not inlined and not optimised, so that the writes are not dropped as useless.
@inline(never)
@_optimize(none)
func wipe(_ bytes: inout [UInt8]) {
    for index in bytes.indices { bytes[index] = 0 }
}
