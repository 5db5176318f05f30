import NIOCore
import OstiaryCore
import OstiaryWire

/// A provider's error, taken in before any of it goes on: providers quote the key that they were asked with, and no
/// client may have it, nor what else an error tells of the provider's inside (SEC-506;
/// `docs/decisions/0005-provider-errors-are-searched-for-the-key.md`).
///
/// At most 2 KiB of it pass, without the key, credentials in URLs and stack traces. JSON stays JSON; a page becomes an
/// error of the gate's own words with the provider's status.
struct FailedAnswer {
    /// What is read of a body, so that a long document can be understood before it is cut.
    private static let longestDocument = 64 * 1024
    /// Seconds for a body whose head has come.
    private static let patience = 10.0

    let status: Int
    /// The field lines for the client.
    let fields: [UInt8]
    let body: ByteBuffer
    let usage: Usage

    /// Takes an answer of 400 or above in.
    /// - Parameter isTranslated: whether the provider speaks another API than the client, so that its error has to be
    ///   said anew.
    /// - Throws: `.upstreamProtocolError` when the body breaks off or takes too long, `.clientGone`.
    static func read(
        _ answer: consuming UpstreamAnswer,
        from traits: ProviderTraits,
        for family: APIFamily,
        isTranslated: Bool,
        hiding key: borrowing Loan?,
        client: RequestBody
    ) async throws(GateError) -> FailedAnswer {
        let status = answer.status
        let usage = answer.value(.usageMetrics).map(UsageMetricsField.read) ?? Usage()
        let type = answer.valueBytes(.contentType)
        // Nobody asked for a coding, and a coded body cannot be searched.
        let isCoded = answer.has(.contentEncoding)
        let mapped = isTranslated ? MappedFailure(status: status, for: family) : nil
        let policy = isTranslated ? ResponseFieldPolicy.translated(for: family) : traits.responseFields
        var fields = ByteWriter()
        answer.copyFields(to: &fields) { name in
            name == .contentEncoding || name == .contentType ? nil : policy.nameForClient(name)
        }
        let said: ErrorSaying
        if isCoded {
            said = .unsaid(status: status, for: family)
        } else {
            let (body, isWhole) = try await answer.collectBeginning(
                limit: longestDocument,
                within: patience,
                client: client
            )
            let clean = hide(key, in: body)
            if let mapped {
                said = mapped.saying(clean, isWhole: isWhole, from: status, for: family)
            } else {
                said = ErrorSaying(clean, isWhole: isWhole, type: type, status: status, for: family)
            }
        }
        if let type = said.type {
            fields.writeStaticString("content-type: ")
            fields.writeImmutableBuffer(type)
            fields.writeStaticString("\r\n")
        }
        return FailedAnswer(status: mapped?.status ?? status, fields: fields.bytes, body: said.body, usage: usage)
    }

    func send(to reply: consuming Reply) -> Carried {
        let delivery = reply.send(status: status, body: body) { $0.writeBytes(fields) }
        return Carried(delivery: delivery, usage: usage)
    }

    private static func hide(_ key: borrowing Loan?, in body: ByteBuffer) -> ByteBuffer {
        switch key {
        case .some(let loan): loan.withBytes { body.hiding($0) }
        case .none: body
        }
    }
}
