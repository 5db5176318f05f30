import NIOCore
import OstiaryCore
import OstiaryWire

/// A provider's error, taken in before any of it goes on: providers quote the key that they were asked with, and no
/// client may have it (SEC-506; `docs/decisions/0005-provider-errors-are-searched-for-the-key.md`).
///
/// An error in JSON of up to 64 KiB passes as it came unless it holds the key. Of anything else, which is a page or a
/// stack trace, the first 2 KiB do.
struct FailedAnswer {
    private static let longestDocument = 64 * 1024
    private static let longestText = 2 * 1024
    /// Seconds for a body whose head has come.
    private static let patience = 10.0

    let status: Int
    /// The field lines for the client.
    let fields: [UInt8]
    let body: ByteBuffer
    let usage: Usage

    /// Takes an answer of 400 or above in.
    /// - Throws: `.upstreamProtocolError` when the body breaks off or takes too long, `.clientGone`.
    static func read(
        _ answer: consuming UpstreamAnswer,
        from traits: ProviderTraits,
        hiding key: borrowing Loan?,
        client: RequestBody
    ) async throws(GateError) -> FailedAnswer {
        let status = answer.status
        let usage = answer.value(.usageMetrics).map(UsageMetricsField.read) ?? Usage()
        // Nobody asked for a coding, and a coded body cannot be searched.
        let isCoded = answer.has(.contentEncoding)
        var fields = ByteWriter()
        answer.copyFields(to: &fields) { name in
            isCoded && (name == .contentEncoding || name == .contentType)
                ? nil : traits.responseFields.nameForClient(name)
        }
        guard !isCoded else {
            return FailedAnswer(status: status, fields: fields.bytes, body: ByteBuffer(), usage: usage)
        }
        let isJSON = answer.valueBytes(.contentType).map { MediaTypeField.isJSON($0.readableBytesView) } ?? false
        let (body, isWhole) = try await answer.collectBeginning(
            limit: longestDocument,
            within: patience,
            client: client
        )
        let clean = hide(key, in: body)
        return FailedAnswer(
            status: status,
            fields: fields.bytes,
            body: isJSON && isWhole ? clean : beginning(of: clean, longestText),
            usage: usage
        )
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

    /// The first `limit` bytes, and no half character at their end.
    static func beginning(of body: ByteBuffer, _ limit: Int) -> ByteBuffer {
        let view = body.readableBytesView
        guard view.count > limit else { return body }
        let end = view.startIndex + limit
        var cut = end
        while cut > view.startIndex, end - cut < 3, view[cut] & 0xc0 == 0x80 { cut -= 1 }
        return ByteBuffer(view[..<cut])
    }
}
