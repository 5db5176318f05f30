import OstiaryWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The admin door's socket file.
struct AdminSocket: Sendable {
    let listener: Listener
    let path: String

    /// Stops accepting and takes the file away.
    func close() async {
        await listener.stopAccepting()
        unlink(path)
    }
}
