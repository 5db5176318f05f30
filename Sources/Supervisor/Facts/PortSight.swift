import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What there is to see of a port on this machine.
enum PortSight {
    /// Whether 127.0.0.1 can be bound at this port: nobody listens there.
    static func isFree(_ port: UInt16) -> Bool {
        bound(port) != nil
    }

    /// A port that is free now.
    static func free() -> UInt16? { bound(0) }

    private static func bound(_ port: UInt16) -> UInt16? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // What servers ask for too; without it, connections that have just ended keep a free port from being bound.
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = loopback(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, length) == 0, listen(descriptor, 1) == 0,
                    getsockname(descriptor, pointer, &length) == 0
                else { return nil }
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
    }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// Whose the listeners on this port are: the family's when it has one of them. Where the system does not show a
    /// member's descriptors, as of one that is not dumpable, it counts that no other process of another user listens.
    static func listener(on port: UInt16, family: Family) -> Listener {
        let listeners = listeners(on: port)
        guard !listeners.isEmpty else { return .nobody }
        var isHidden = false
        for member in family.members {
            guard let sockets = sockets(of: member) else {
                isHidden = true
                continue
            }
            if listeners.contains(where: { sockets.contains($0.inode) }) { return .child }
        }
        if isHidden, listeners.allSatisfy({ $0.user == getuid() }) { return .child }
        return .somebodyElse
    }

    private struct ListeningSocket {
        let inode: UInt64
        let user: UInt32
    }

    /// The listening sockets at this port (`/proc/net/tcp`, state 0A).
    private static func listeners(on port: UInt16) -> [ListeningSocket] {
        let wanted = String(port, radix: 16, uppercase: true)
        let ending = ":" + String(repeating: "0", count: max(0, 4 - wanted.count)) + wanted
        var found: [ListeningSocket] = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in lines(of: table) {
                let fields = line.split(separator: " ", omittingEmptySubsequences: true)
                guard fields.count > 9, fields[3] == "0A", fields[1].hasSuffix(ending), let inode = UInt64(fields[9]),
                    let user = UInt32(fields[7])
                else { continue }
                found.append(ListeningSocket(inode: inode, user: user))
            }
        }
        return found
    }

    /// The inodes of the sockets that a process has open; `nil` where that is not shown.
    private static func sockets(of process: Int32) -> Set<UInt64>? {
        guard let folder = opendir("/proc/\(process)/fd") else { return nil }
        defer { closedir(folder) }
        var found: Set<UInt64> = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var target = [UInt8](repeating: 0, count: 64)
            let count = target.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { readlink("/proc/\(process)/fd/\(name)", $0, buffer.count) } ?? -1
            }
            guard count > 0 else { continue }
            let link = String(decoding: target[..<count], as: UTF8.self)
            guard link.hasPrefix("socket:["), link.hasSuffix("]") else { continue }
            if let inode = UInt64(link.dropFirst("socket:[".count).dropLast()) { found.insert(inode) }
        }
        return found
    }

    /// At most 16 MiB of a file that the kernel makes.
    private static func lines(of path: String) -> [Substring] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        while bytes.count < 16 << 20, let count = try? SystemCall.fill(&piece, from: descriptor), count > 0 {
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map { $0 }
    }
}
