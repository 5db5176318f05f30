import NIOCore
import OstiaryCore
public import OstiaryWire

/// A provider behind HTTP that speaks OpenAI's API: writes the request's head anew, lends the key, asks.
///
/// Of the client's head only the fields of the allow-list pass; the caller's credential never does.
public final class HTTPProvider: Sendable {
    public let name: String
    public let traits: ProviderTraits
    /// Where it is and how it is.
    public let target: UpstreamTarget
    private let targets: KeyedTargets
    private let held: HeldBodies
    private let fixedLines: ByteBuffer

    /// - Parameters:
    ///   - name: the provider's name in the configuration.
    ///   - target: its origin's path is where its routes begin, for example `https://api.openai.com/v1`.
    ///   - held: where the beginnings of long events are counted.
    public init(name: String, traits: ProviderTraits, target: UpstreamTarget, held: HeldBodies) {
        self.name = name
        self.traits = traits
        self.target = target
        targets = KeyedTargets(target)
        self.held = held
        var lines = ByteBuffer()
        lines.writeString("host: \(target.origin.authority)\r\naccept-encoding: identity\r\n")
        for field in traits.fixedFields { lines.writeString("\(field.name.lowercased()): \(field.value)\r\n") }
        fixedLines = lines
    }

    /// Says that no further request is meant for this provider under this key: its connections are not kept.
    public func leave() { targets.leave() }

    /// The request that asks the model: the body as it came, but for the model's name where the provider has another.
    func request(
        _ asked: Asked,
        _ call: Call,
        head: RequestHead,
        as upstreamName: String,
        permit: Permit,
        key: borrowing Loan?
    ) -> UpstreamRequest {
        var body = asked.body
        var length = asked.length
        if !upstreamName.hasSameBytes(as: asked.facts.model) {
            let rewriter = ModelRewriter(asked.facts, to: upstreamName)
            body = rewriter.rewrite(body)
            length = length.map { $0 + rewriter.growth }
        }
        return UpstreamRequest(
            to: targets.target(for: key),
            head: requestHead(call, permit.route, head, key, hasBody: true),
            isHEAD: false,
            hasBody: true,
            body: body,
            length: length,
            isWhole: asked.isWhole
        )
    }

    /// The request for a document of the provider's, like its list of models.
    func request(_ call: Call, head: RequestHead, permit: Permit, key: borrowing Loan?) -> UpstreamRequest {
        UpstreamRequest(
            to: targets.target(for: key),
            head: requestHead(call, permit.route, head, key, hasBody: false),
            isHEAD: call.method == .head,
            hasBody: false,
            body: ByteBuffer(),
            length: 0,
            isWhole: true
        )
    }

    /// What a stream of events passes through on its way to the client; `nil` for other answers.
    func filter(_ answer: borrowing UpstreamAnswer, _ route: Route) -> EventFilter? {
        Self.isReadableStream(answer) ? EventFilter(BrokenStream.Family(route), holding: held) : nil
    }

    /// Whether an answer is a stream of events that can be read here.
    private static func isReadableStream(_ answer: borrowing UpstreamAnswer) -> Bool {
        guard !answer.has(.contentEncoding), !answer.has(.sealedNonce) else { return false }
        return answer.withValue(.contentType, MediaTypeField.isEventStream) ?? false
    }

    private func requestHead(
        _ call: Call,
        _ route: Route,
        _ head: RequestHead,
        _ key: borrowing Loan?,
        hasBody: Bool
    ) -> ByteBuffer {
        var out = ByteWriter(capacity: 768)
        out.writeString(call.method.rawValue)
        out.writeStaticString(" ")
        out.writeString(target.origin.basePath)
        // The route's own path, not the client's spelling; `/v1` is part of the base address.
        out.writeBytes(route.path.utf8.dropFirst("/v1".utf8.count))
        if !call.query.isEmpty {
            out.writeStaticString("?")
            out.writeBytes(call.query)
        }
        out.writeStaticString(" HTTP/1.1\r\n")
        out.writeImmutableBuffer(fixedLines)
        write(key, to: &out)
        // What is posted was read as JSON here, so the provider shall not guess what it is.
        if hasBody, !head.has(.contentType) { out.writeStaticString("content-type: application/json\r\n") }
        for name in traits.requestFields.names {
            head.withValue(name) { value in
                out.writeStaticString(name.text)
                out.writeStaticString(": ")
                out.writeSpan(value)
                out.writeStaticString("\r\n")
            }
        }
        out.writeStaticString("x-request-id: ")
        call.id.withBytes { out.writeSpan($0) }
        out.writeStaticString("\r\n")
        return out.withBytes { bytes in
            bytes.withUnsafeBufferPointer { ByteBuffer(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    private func write(_ key: borrowing Loan?, to out: inout ByteWriter) {
        switch key {
        case .some(let loan) where traits.credential == .bearer:
            out.writeStaticString("authorization: Bearer ")
            loan.withBytes { secret in out.writeSpan(secret) }
            out.writeStaticString("\r\n")
        default:
            break
        }
    }
}
