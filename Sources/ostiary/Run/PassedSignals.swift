import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Takes signals that are meant for the child, instead of dying of them.
final class PassedSignals {
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter taken: called with each signal's number, on a thread of the system's.
    init(_ numbers: [Int32], _ taken: @escaping @Sendable (Int32) -> Void) {
        for number in numbers {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { taken(number) }
            source.resume()
            sources.append(source)
        }
        // The terminal's own stop signals are the child's affair, which is the foreground.
        for number in [SIGTTOU, SIGTTIN, SIGTSTP, SIGPIPE] { signal(number, SIG_IGN) }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}
