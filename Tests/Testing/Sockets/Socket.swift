import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A stream socket as the system has it: nothing between a test and the bytes.
public final class Socket: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        init(_ call: String) {
            description = "\(call): \(String(cString: strerror(errno)))"
        }
    }

    /// How a read ended.
    public enum Read: Equatable, Sendable {
        case bytes([UInt8])
        /// The peer ended its direction.
        case end
        /// The peer reset the connection.
        case reset
        case nothing
    }

    public let descriptor: Int32

    public init(descriptor: Int32) {
        self.descriptor = descriptor
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Connects to a port of this machine.
    /// - Parameters:
    ///   - host: the last number of the address.
    ///   - receiveBuffer: the kernel's buffer for what comes, in bytes; small ones make a slow reader.
    public static func connect(port: Int, host: UInt8 = 1, receiveBuffer: Int32? = nil) throws -> Socket {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        let socket = Socket(descriptor: descriptor)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port: port, host: host)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure("connect") }
        return socket
    }

    /// Connects to a socket file.
    public static func connect(path: String) throws -> Socket {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        let socket = Socket(descriptor: descriptor)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (index, octet) in path.utf8.prefix(room.count - 1).enumerated() { room[index] = octet }
        }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure("connect") }
        return socket
    }

    /// Listens on loopback.
    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - host: the last number of the address, 127.0.0.1 unless said otherwise.
    ///   - backlog: connections that may wait to be accepted, and one; nothing answers further ones.
    public static func listen(
        port: Int = 0,
        host: UInt8 = 1,
        backlog: Int32 = 128,
        receiveBuffer: Int32? = nil
    ) throws -> (socket: Socket, port: Int) {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        let socket = Socket(descriptor: descriptor)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port: port, host: host)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, backlog) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard result else { throw Failure("listen") }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// The next connection; `nil` when none comes within `milliseconds`.
    public func accept(milliseconds: Int32) -> Socket? {
        guard isReady(POLLIN, milliseconds) else { return nil }
        let accepted = Glibc.accept(descriptor, nil, nil)
        return accepted >= 0 ? Socket(descriptor: accepted) : nil
    }

    /// What has come, waiting for it for at most `milliseconds`.
    public func read(milliseconds: Int32, atMost limit: Int = 65_536) -> Read {
        guard isReady(POLLIN, milliseconds) else { return .nothing }
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, limit, 0)
        guard count >= 0 else { return .reset }
        return count == 0 ? .end : .bytes(Array(buffer.prefix(count)))
    }

    /// Whether the peer has left, without taking anything of what it sent.
    public var isLeft: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(0x2000), revents: 0)  // POLLRDHUP
        return poll(&entry, 1, 0) > 0
    }

    /// Sends all of it; false when the peer does not take it, or is gone.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, milliseconds: Int32 = 10_000) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            guard isReady(POLLOUT, milliseconds) else { return false }
            let count = bytes.withUnsafeBytes { room in
                send(
                    descriptor,
                    room.baseAddress.map { $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
            }
            if count < 0, errno == EAGAIN { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Ends the outgoing direction.
    public func finishWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends both directions; the peer reads an end.
    public func end() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Makes the close that follows a reset.
    public func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    private func isReady(_ event: Int32, _ milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    private static func loopback(port: Int, host: UInt8 = 1) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = (UInt32(0x7f00_0000) + UInt32(host)).bigEndian
        return address
    }
}
