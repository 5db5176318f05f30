import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Who has started the gate and wants to know when it is ready: systemd's protocol (sd_notify(3)), a datagram to the
/// socket that `NOTIFY_SOCKET` names. Where there is none, nobody is told.
struct ServiceManager: Sendable {
    private let address: [UInt8]?

    /// - Parameter variables: the environment.
    init(_ variables: [String: String]) {
        guard let path = variables["NOTIFY_SOCKET"], let first = path.utf8.first, path.utf8.count <= 107 else {
            address = nil
            return
        }
        switch first {
        case UInt8(ascii: "/"): address = Array(path.utf8)
        // Linux's abstract names begin with a NUL byte (unix(7)).
        case UInt8(ascii: "@"): address = [0] + path.utf8.dropFirst()
        default: address = nil
        }
    }

    func ready() { tell("READY=1") }

    /// `ready` has to follow.
    func reloading(_ clock: any GateClock) {
        tell("RELOADING=1\nMONOTONIC_USEC=\(clock.monotonic.nanoseconds / 1000)")
    }

    func stopping() { tell("STOPPING=1") }

    private func tell(_ state: String) {
        guard let address else { return }
        #if canImport(Glibc)
            let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        #elseif canImport(Musl)
            let kind = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
        let bytes = Array(state.utf8)
        // Whoever asked to be told and does not listen is not waited for.
        _ = withUnsafePointer(to: place) { place in
            place.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                sendto(descriptor, bytes, bytes.count, 0, place, length)
            }
        }
    }
}
