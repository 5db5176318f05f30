import NIOCore
import OstiaryCore
import OstiaryWire

/// The command's calls to a gate on this machine, through the same dialler as everything else.
struct DiallingLoopbackClient: LoopbackClient {
    func post(
        _ path: String,
        to door: LoopbackDoor,
        fields: [(name: String, value: String)],
        body: [UInt8],
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int {
        try await ask("POST", path, of: door, fields: fields, body: body, piece: piece)
    }

    func get(
        _ path: String,
        from door: LoopbackDoor,
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int {
        try await ask("GET", path, of: door, fields: [], body: nil, piece: piece)
    }

    private func ask(
        _ method: String,
        _ path: String,
        of door: LoopbackDoor,
        fields: [(name: String, value: String)],
        body: [UInt8]?,
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int {
        let origin: Origin? =
            switch door {
            case .address(let address): Origin("http://\(address)")
            case .socket(let path): Origin(socketPath: path)
            }
        guard let origin else { throw .unreachable }
        guard let crew = try? Crew(count: 1, clock: SystemClock(), trust: Trust(), counters: DialCounters()) else {
            throw .unreachable
        }
        // Without its clock nothing would end a request that the gate never answers.
        try? await crew.start()
        let lines = fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = "\(method) \(path) HTTP/1.1\r\nhost: \(origin.authority)\r\n\(lines)"
        let result: Result<Int, LoopbackFailure> = await crew.onFirst { worker in
            let request = UpstreamRequest(
                to: UpstreamTarget(origin),
                head: ByteBuffer(string: head),
                isHEAD: false,
                hasBody: body != nil,
                body: ByteBuffer(bytes: body ?? []),
                length: body?.count,
                isWhole: true
            )
            do throws(GateError) {
                let answer = try await worker.dialler.exchange(request, client: nil)
                let status = answer.status
                try await answer.pour(limit: .max) { piece(Array($0.readableBytesView)) }
                return .success(status)
            } catch {
                switch error.cause.description {
                case "connect", "connect_timeout": return .failure(.unreachable)
                case "malformed_answer": return .failure(.malformed)
                default: return .failure(.cut)
                }
            }
        }
        await crew.stop()
        return try result.get()
    }
}
