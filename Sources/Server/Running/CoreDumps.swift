#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The process's memory holds keys and what people tell models; it must not end up in a file (SEC-404).
enum CoreDumps {
    /// Forbids dumps, and on Linux also that other processes of the user look into this one (`PR_SET_DUMPABLE`). What
    /// the system refuses is left as it is: the gate is no less useful there.
    static func forbid() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        #if canImport(Glibc)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        #else
            _ = setrlimit(RLIMIT_CORE, &none)
        #endif
        #if canImport(Glibc)
            // The C declaration has a variable number of arguments, which Swift does not import; on Linux's platforms
            // such a function takes its first ones as any other does.
            typealias Control = @convention(c) (CInt, UInt, UInt, UInt, UInt) -> CInt
            let setDumpable: CInt = 4  // PR_SET_DUMPABLE, a macro that Swift does not import either
            guard let symbol = dlsym(nil, "prctl") else { return }
            _ = unsafeBitCast(symbol, to: Control.self)(setDumpable, 0, 0, 0, 0)
        #endif
    }
}
