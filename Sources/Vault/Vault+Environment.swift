#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Vault {
    /// Takes variables out of the process's environment once their keys are read, so that neither a child nor
    /// `/proc/PID/environ` shows them.
    ///
    /// The value is overwritten in place, as `unsetenv` alone leaves the bytes where the kernel shows them. Call it at
    /// start, before there are other threads: the environment has no lock.
    public static func forgetEnvironment(_ names: some Sequence<String>) {
        for name in names where !name.utf8.contains(0) && !name.isEmpty {
            if let value = getenv(name) { blank(value) }
            unsetenv(name)
        }
    }

    /// Overwrites variables of the process's environment while other threads may read it. The names stay, without
    /// values: taking them out would move what others are looking at.
    public static func blankEnvironment(_ names: some Sequence<String>) {
        for name in names where !name.utf8.contains(0) && !name.isEmpty {
            if let value = getenv(name) { blank(value) }
        }
    }
}

@inline(never)
@_optimize(none)
private func blank(_ value: UnsafeMutablePointer<CChar>) {
    var place = value
    while place.pointee != 0 {
        place.pointee = 0
        place += 1
    }
}
