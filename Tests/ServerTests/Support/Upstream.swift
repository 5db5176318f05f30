import Synchronization

/// A provider on a socket that records what it is asked and answers by script.
final class Upstream: Sendable {
    /// What happens with one connection, from its first byte.
    typealias Script = @Sendable (RawLine, Upstream) async throws -> Void

    private struct State {
        var requests: [RawMessage] = []
        var lines: [RawLine] = []
        var script: Script
    }

    private let state: Mutex<State>
    private let opened = Mutex<RawServer?>(nil)

    static func open(_ script: @escaping Script = Upstream.answering("{}")) async throws -> Upstream {
        let upstream = Upstream(script)
        let server = try await RawServer.open { line in
            let script = upstream.state.withLock { state in
                state.lines.append(line)
                return state.script
            }
            try? await script(line, upstream)
        }
        upstream.opened.withLock { $0 = server }
        return upstream
    }

    private init(_ script: @escaping Script) {
        state = Mutex(State(script: script))
    }

    var port: Int { opened.withLock { $0?.port } ?? 0 }
    var requests: [RawMessage] { state.withLock { $0.requests } }
    /// Every connection that was made, in order.
    var lines: [RawLine] { state.withLock { $0.lines } }

    func record(_ request: RawMessage) { state.withLock { $0.requests.append(request) } }
    /// Applies to connections that come from now on.
    func now(_ script: @escaping Script) { state.withLock { $0.script = script } }
    func close() async { await opened.withLock { $0 }?.close() }

    // MARK: Scripts

    /// Answers every request of a connection with the same document.
    static func answering(_ body: String, status: String = "200 OK", fields: String = "") -> Script {
        { line, upstream in
            while let request = try await line.nextRequest() {
                upstream.record(request)
                line.send(
                    "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(fields)"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
            }
        }
    }

    /// Takes a request and answers with these bytes.
    static func saying(_ bytes: String, thenCloses: Bool = false) -> Script {
        { line, upstream in
            while let request = try await line.nextRequest() {
                upstream.record(request)
                line.send(bytes)
                if thenCloses { line.close() }
            }
        }
    }

    /// Takes a request and says nothing.
    static let silent: Script = { line, upstream in
        guard let request = try await line.nextRequest() else { return }
        upstream.record(request)
    }

    static let streamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// One chunk of a chunked body.
    static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }
}
