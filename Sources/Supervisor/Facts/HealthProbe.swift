import Dispatch
import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Asks whether a child answers.
public protocol HealthProbe: Sendable {
    /// Whether something on 127.0.0.1 takes a connection at this port and, where a path is given, answers a `GET` for it
    /// with 200.
    func answers(port: UInt16, path: String?) async -> Bool
    /// Whether nobody listens at this port.
    func isFree(_ port: UInt16) -> Bool
    /// A port that is free.
    func freePort() -> UInt16?
}

/// Asks by a connection of its own, for two seconds at most, on a thread that may wait.
public struct LoopbackProbe: HealthProbe {
    private static let patience: Int32 = 2
    private static let queue = DispatchQueue(label: "ostiary.health", attributes: .concurrent)

    public init() {}

    public func isFree(_ port: UInt16) -> Bool { PortSight.isFree(port) }
    public func freePort() -> UInt16? { PortSight.free() }

    public func answers(port: UInt16, path: String?) async -> Bool {
        await withCheckedContinuation { done in
            Self.queue.async { done.resume(returning: Self.ask(port, path)) }
        }
    }

    private static func ask(_ port: UInt16, _ path: String?) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Linux keeps to the sending limit while it connects too (socket(7)).
        var limit = timeval(tv_sec: Int(patience), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        var address = PortSight.loopback(port)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected, let path else { return isConnected }
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
        let sent = Array(request.utf8).withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == request.utf8.count else { return false }
        // The status line begins with twelve bytes: HTTP/1.1 200.
        var answer = [UInt8](repeating: 0, count: 12)
        var filled = 0
        while filled < answer.count {
            let count = answer.withUnsafeMutableBytes { buffer in
                recv(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, 0)
            }
            guard count > 0 else { return false }
            filled += count
        }
        let line = String(decoding: answer, as: UTF8.self)
        return line.hasPrefix("HTTP/1.") && line.hasSuffix(" 200")
    }
}
