import CEpoll
import Glibc
import NIOCore

/// Turns new connections from the processes that share a port with us to us, so that they can stop without losing any.
///
/// A connection belongs to a listening socket from its first segment on, and is lost with it before the handshake has
/// ended. Left to itself the kernel spreads handshakes over all sockets until the last moment; told to spare the older
/// ones, those have none left after a round trip, and closing them loses nobody.
enum Takeover {
    /// Lets the kernel choose among our sockets only. Where it cannot be told, it goes on to choose among all.
    /// - Parameter descriptors: all our sockets at this address, each listening; they came last to the port.
    static func begin(_ descriptors: [Descriptor], at address: SocketAddress) {
        guard let first = descriptors.first, let listening = Listening.count(at: address) else { return }
        let others = listening - descriptors.count
        guard others > 0 else { return }
        // The kernel numbers the sockets in the order they came, and when one closes the last takes its number. Of our
        // numbers we name those that nobody has once the others are gone: then, again, it chooses among all.
        let named = max(others, descriptors.count)
        _ = cepoll_choose(first.number, UInt32(clamping: named), UInt32(clamping: listening - named))
    }
}

/// The system's list of listening sockets (proc(5)).
enum Listening {
    /// How many sockets listen at exactly this address; `nil` where the system does not say.
    static func count(at address: SocketAddress) -> Int? {
        guard let (file, place) = place(of: address), let stream = fopen(file, "r") else { return nil }
        defer { fclose(stream) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        // The first line names the columns.
        guard getline(&line, &room, stream) > 0 else { return nil }
        var count = 0
        while getline(&line, &room, stream) > 0, let text = line {
            let columns = String(cString: text).split(separator: " ", maxSplits: 4)
            // Those that listen come first.
            guard columns.count > 3, columns[3] == "0A" else { break }
            if columns[1] == place { count += 1 }
        }
        return count
    }

    /// The file that lists such addresses, and how it spells this one: words as they lie in memory, then the port.
    private static func place(of address: SocketAddress) -> (file: String, place: String)? {
        // Where the address lies in the system's structure (ip(7), ipv6(7)); the port lies at 2 in both.
        let file: String
        let words: Range<Int>
        switch address.protocol {
        case .inet: (file, words) = ("/proc/net/tcp", 1..<2)
        case .inet6: (file, words) = ("/proc/net/tcp6", 2..<6)
        default: return nil
        }
        let place = address.withSockAddr { pointer, size in
            let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
            return words.map { hexadecimal(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self), digits: 8) }
                .joined() + ":" + hexadecimal(UInt32(UInt16(truncatingIfNeeded: address.port ?? 0)), digits: 4)
        }
        return (file, place)
    }

    private static func hexadecimal(_ number: UInt32, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
