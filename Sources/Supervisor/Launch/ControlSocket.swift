import CSupervise
import OstiaryCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// This side of the socket to a guardian. When it closes, also because this process is gone, the guardian ends its child.
final class ControlSocket: Sendable {
    /// The most bytes of a message: all of an order but its arguments.
    static let limit = 128 << 10

    private struct State {
        var descriptor: Int32
        /// Whether a thread waits at the descriptor; it closes it then.
        var isHeard = false
    }

    private let state: Mutex<State>

    /// - Parameter descriptor: owned from now on.
    init(_ descriptor: Int32) {
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { close() }

    /// Sends a message with descriptors, which stay the caller's.
    /// - Returns: whether it was sent.
    @discardableResult
    func send(_ message: [UInt8], _ descriptors: [Int32] = []) -> Bool {
        state.withLock { state in
            guard state.descriptor >= 0 else { return false }
            return message.withUnsafeBytes { bytes in
                csupervise_send(state.descriptor, bytes.baseAddress, bytes.count, descriptors, descriptors.count)
            } == message.count
        }
    }

    @discardableResult
    func send(_ message: String) -> Bool { send(Array(message.utf8)) }

    /// Calls `heard` with each message, and at last with `nil`, on a thread of its own: a dispatch source misses the end
    /// of such a socket when that comes with the last message.
    func listen(_ heard: @escaping @Sendable (String?) -> Void) {
        let descriptor = state.withLock { state in
            state.isHeard = state.descriptor >= 0
            return state.descriptor
        }
        guard descriptor >= 0 else { return }
        let isStarted = OwnThread.start { [weak self] in
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                var none = 0
                let count = bytes.withUnsafeMutableBytes { buffer in
                    csupervise_receive(descriptor, buffer.baseAddress, buffer.count, nil, &none)
                }
                guard count > 0 else { break }
                heard(String(decoding: bytes[..<count], as: UTF8.self))
            }
            // Nobody may send any more when the number can mean another descriptor.
            self?.state.withLock { $0.descriptor = -1 }
            _ = Self.close(descriptor)
            heard(nil)
        }
        if !isStarted {
            state.withLock { $0.descriptor = -1 }
            _ = Self.close(descriptor)
            heard(nil)
        }
    }

    func close() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            if state.isHeard {
                // Wakes the thread, which closes it.
                shutdown(state.descriptor, Int32(SHUT_RDWR))
            } else {
                _ = Self.close(state.descriptor)
            }
            state.descriptor = -1
        }
    }

    private static func close(_ descriptor: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #elseif canImport(Musl)
            Musl.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }
}

/// A thread for what has to wait in a call of the system.
enum OwnThread {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// - Returns: whether the system gave one.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let outcome = pthread_create(
            &thread,
            nil,
            { raw in
                if let raw { Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().body() }
                return nil
            },
            work.toOpaque()
        )
        guard outcome == 0 else {
            work.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
