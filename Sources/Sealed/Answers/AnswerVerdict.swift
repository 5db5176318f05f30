import OstiaryCore

/// What a client makes of the head of the answer to a sealed request.
public enum AnswerVerdict: Hashable, Sendable {
    /// The body is sealed, whatever the status.
    case sealed(ResponseNonce)
    /// A refusal in plain text, from the server or anybody on the way: nothing proves who said it.
    case plain

    /// - Parameters:
    ///   - fields: the answer's header fields; names in any case.
    ///   - body: of the answer, as far as it tells the key problem; only looked at in a 422 without a nonce.
    /// - Throws: `MISSING_RESPONSE_NONCE` for a success that is not sealed, `DUPLICATE_RESPONSE_NONCE`,
    ///   `INVALID_RESPONSE_NONCE`, and `KEY_CONFIG_MISMATCH` when the server has another key.
    public init(status: Int, fields: [(name: String, value: String)], body: [UInt8]) throws(SealedFault) {
        let nonces = fields.filter { $0.name.lowercased() == SealedSuite.answerField }
        if let nonce = nonces.first {
            guard nonces.count == 1 else {
                throw SealedFault(.duplicateResponseNonce, "the answer has \(nonces.count) nonces")
            }
            self = .sealed(try ResponseNonce(field: Array(nonce.value.utf8)))
            return
        }
        guard !(200...299).contains(status) else {
            throw SealedFault(.missingResponseNonce, "the answer is not sealed")
        }
        if status == 422, Self.isProblem(fields), Self.saysKeyProblem(body) {
            throw SealedFault(.keyConfigMismatch, "the server has another key")
        }
        self = .plain
    }

    private static func isProblem(_ fields: [(name: String, value: String)]) -> Bool {
        let type = fields.first { $0.name.lowercased() == "content-type" }?.value.lowercased() ?? ""
        return type.split(separator: ";").first?.trimmed == "application/problem+json"
    }

    private static func saysKeyProblem(_ body: [UInt8]) -> Bool {
        (try? JSONReader.read(body))?.object?["type"]?.string == SealedSuite.keyProblem
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.utf8.first == 0x20 || text.utf8.first == 0x09 { text = text.dropFirst() }
        while text.utf8.last == 0x20 || text.utf8.last == 0x09 { text = text.dropLast() }
        return text
    }
}
