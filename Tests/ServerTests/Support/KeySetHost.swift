import Synchronization

/// A key-set server on a socket that does what the test says, and counts.
final class KeySetHost: Sendable {
    enum Mode: Sendable {
        case document(String)
        /// The whole answer, head included.
        case raw(String)
        /// Takes the request and says nothing.
        case hang
    }

    private struct State {
        var mode: Mode
        var isUp: Bool
        var fetches = 0
        var held: [RawLine] = []
    }

    private let state: Mutex<State>
    private let opened = Mutex<RawServer?>(nil)

    /// - Parameter isUp: otherwise every connection is closed at once until `start`.
    static func open(_ mode: Mode, isUp: Bool = true) async throws -> KeySetHost {
        let host = KeySetHost(mode, isUp: isUp)
        let server = try await RawServer.open { [weak host] line in
            guard let host, host.state.withLock({ $0.isUp }) else { return line.close() }
            while (try? await line.nextRequest()) != nil { host.serve(line) }
        }
        host.opened.withLock { $0 = server }
        return host
    }

    private init(_ mode: Mode, isUp: Bool) {
        state = Mutex(State(mode: mode, isUp: isUp))
    }

    func start() { state.withLock { $0.isUp = true } }
    func stop() async { await opened.withLock { $0 }?.close() }

    var port: Int { opened.withLock { $0?.port } ?? 0 }
    var url: String { "http://127.0.0.1:\(port)/jwks.json" }
    var fetches: Int { state.withLock { $0.fetches } }

    func now(_ mode: Mode) { state.withLock { $0.mode = mode } }

    /// Answers those that hang, and all from now on.
    func release(_ mode: Mode) {
        let held = state.withLock { state in
            state.mode = mode
            defer { state.held = [] }
            return state.held
        }
        for line in held { answer(line, mode) }
    }

    private func serve(_ line: RawLine) {
        let mode = state.withLock { state in
            state.fetches += 1
            if case .hang = state.mode { state.held.append(line) }
            return state.mode
        }
        answer(line, mode)
    }

    private func answer(_ line: RawLine, _ mode: Mode) {
        switch mode {
        case .document(let text):
            line.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n\(text)")
            line.close()
        case .raw(let text):
            line.send(text)
            line.close()
        case .hang: break
        }
    }
}
