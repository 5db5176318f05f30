import CEpoll
import Glibc
import NIOCore

/// A socket's descriptor and what the gate asks the system about it. Whoever holds it closes it, once.
struct Descriptor: Equatable, Sendable {
    let number: Int32

    static let none = Descriptor(number: -1)

    /// How one attempt to move bytes went.
    enum Moved {
        /// So many; of reading 0 means that the peer has ended its direction.
        case bytes(Int)
        case wouldBlock
        case failed(errno: Int32)
    }

    func close() {
        // EINTR closes as well, on Linux.
        if number >= 0 { _ = Glibc.close(number) }
    }

    @inline(__always)
    func receive(into room: UnsafeMutableRawBufferPointer) -> Moved {
        while true {
            let count = recv(number, room.baseAddress, room.count, 0)
            if count >= 0 { return .bytes(count) }
            if let ending = Self.ending(errno) { return ending }
        }
    }

    @inline(__always)
    func send(_ bytes: UnsafeRawBufferPointer) -> Moved {
        while true {
            let count = Glibc.send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if let ending = Self.ending(errno) { return ending }
        }
    }

    func send(_ parts: UnsafeMutablePointer<iovec>, count: Int) -> Moved {
        var message = msghdr()
        message.msg_iov = parts
        message.msg_iovlen = count
        while true {
            let count = sendmsg(number, &message, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if let ending = Self.ending(errno) { return ending }
        }
    }

    /// `nil` to try again.
    private static func ending(_ code: Int32) -> Moved? {
        switch code {
        case EINTR: nil
        case EAGAIN: .wouldBlock
        default: .failed(errno: code)
        }
    }

    /// Ends the outgoing direction.
    func finishWriting() { _ = shutdown(number, Int32(SHUT_WR)) }

    /// Ends the incoming direction.
    func finishReading() { _ = shutdown(number, Int32(SHUT_RD)) }

    /// Makes the close that follows a reset: a zero linger time lets the kernel send RST instead of FIN.
    func resetOnClose() { _ = cepoll_reset_on_close(number) }

    /// Sets an option; false when the system refuses.
    @discardableResult
    func set<Value>(_ level: Int32, _ name: Int32, _ value: Value) -> Bool {
        withUnsafeBytes(of: value) { setsockopt(number, level, name, $0.baseAddress, socklen_t($0.count)) == 0 }
    }

    /// The error that waits at the socket, 0 for none.
    var pendingError: Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    var localAddress: SocketAddress? { address(getsockname) }
    var remoteAddress: SocketAddress? { address(getpeername) }

    private func address(
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(number, $0, &length) == 0 }
        }
        return isKnown ? SocketAddress(storage) : nil
    }
}

extension SocketAddress {
    /// `nil` for families other than IPv4, IPv6 and Unix sockets.
    init?(_ storage: sockaddr_storage) {
        let address: SocketAddress? = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET: SocketAddress(bytes.load(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(bytes.load(as: sockaddr_in6.self))
            case AF_UNIX: SocketAddress(bytes.load(as: sockaddr_un.self))
            default: nil
            }
        }
        guard let address else { return nil }
        self = address
    }
}
