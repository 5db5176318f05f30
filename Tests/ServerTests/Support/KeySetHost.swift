import OstiaryTesting

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
    }

    private let state: Observed<State>
    private let server: RecordingUpstream

    /// - Parameter isUp: otherwise every connection is closed without an answer until `start`.
    init(_ mode: Mode, isUp: Bool = true) throws {
        let state = Observed(State(mode: mode, isUp: isUp))
        self.state = state
        server = try RecordingUpstream { _ in
            let mode = state.change { state -> Mode? in
                guard state.isUp else { return nil }
                state.fetches += 1
                return state.mode
            }
            return switch mode {
            case nil: [.close]
            case .document(let text): [.answer(text, fields: "Connection: close\r\n"), .close]
            case .raw(let text): [.send(text), .close]
            case .hang: [.handOver]
            }
        }
    }

    func start() { state.change { $0.isUp = true } }
    func stop() { server.stop() }

    var url: String { "http://127.0.0.1:\(server.port)/jwks.json" }
    var fetches: Int { state.value.fetches }

    /// Returns when the keys have been asked for this often.
    func fetches(_ count: Int) async throws {
        try await state.wait("\(count) fetches of the keys") { $0.fetches >= count }
    }

    func now(_ mode: Mode) { state.change { $0.mode = mode } }

    /// Answers the one that hangs, and all from now on.
    func release(_ document: String) async throws {
        now(.document(document))
        let held = try await server.handed()
        held.send(RecordingUpstream.answer(document))
    }
}
