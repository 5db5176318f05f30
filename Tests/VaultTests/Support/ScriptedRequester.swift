import OstiaryCore
import Synchronization

@testable import OstiaryVault

/// A network of which a test says what it answers, and which keeps what was asked.
final class ScriptedRequester: Requester {
    typealias Script = @Sendable (OutboundRequest, Int) throws(FetchFailure) -> OutboundAnswer

    private let asked = Mutex<[OutboundRequest]>([])
    private let script: Script

    init(_ script: @escaping Script) {
        self.script = script
    }

    /// The same answer always.
    convenience init(_ status: Int, _ body: String) {
        self.init { _, _ throws(FetchFailure) in OutboundAnswer(status: status, body: Array(body.utf8)) }
    }

    var requests: [OutboundRequest] { asked.withLock { $0 } }

    func send(_ request: OutboundRequest, limit: Int, seconds: Double) async throws(FetchFailure) -> OutboundAnswer {
        let number = asked.withLock { asked in
            asked.append(request)
            return asked.count - 1
        }
        return try script(request, number)
    }
}

extension OutboundRequest {
    func value(_ name: String) -> String? {
        fields.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a source gave, in words that can be compared.
enum Fetched: Equatable {
    case key(String, life: Double?, expires: Double?)
    case fault(SourceFault)

    static func plain(_ text: String) -> Fetched { Fetched.key(text, life: nil, expires: nil) }
}

extension KeySource {
    func fetched(_ surroundings: Surroundings) async -> Fetched {
        do throws(SourceFault) {
            let material = try await fetch(surroundings)
            let text = Loan(of: SecretHolder(material.secret.withBytes { Secret(copying: $0) })).withBytes { bytes in
                String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
            }
            return .key(text, life: material.life, expires: material.expires?.seconds)
        } catch {
            return .fault(error)
        }
    }
}
