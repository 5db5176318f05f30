import NIOCore
public import OstiaryCore
public import OstiaryWire

/// A provider behind HTTP that speaks OpenAI's API: writes the request's head anew, lends the key, asks.
///
/// Of the client's head only the fields of the allow-list pass; the caller's credential never does.
public final class HTTPProvider: Sendable {
    public let name: String
    public let traits: ProviderTraits
    /// Where it is and how it is.
    public let target: UpstreamTarget
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
        self.held = held
        var lines = ByteBuffer()
        lines.writeString("host: \(target.origin.authority)\r\naccept-encoding: identity\r\n")
        for field in traits.fixedFields { lines.writeString("\(field.name.lowercased()): \(field.value)\r\n") }
        fixedLines = lines
    }

    /// Asks the model and returns when its answer begins.
    /// - Throws: `.upstreamAuthFailed` when the provider refuses the gate's key, `.upstreamProtocolError` for a
    ///   redirect, and what the dialler throws.
    public func ask(
        _ asked: Asked,
        _ call: Call,
        head: RequestHead,
        as upstreamName: String,
        permit: Permit,
        key: consuming Loan?,
        client: RequestBody,
        on worker: Worker
    ) async throws(GateError) -> ModelAnswer {
        var body = asked.body
        var length = asked.length
        if !upstreamName.hasSameBytes(as: asked.facts.model) {
            let rewriter = ModelRewriter(asked.facts, to: upstreamName)
            body = rewriter.rewrite(body)
            length = length.map { $0 + rewriter.growth }
        }
        let request = UpstreamRequest(
            to: target,
            head: requestHead(call, permit.route, head, key, hasBody: true),
            isHEAD: false,
            hasBody: true,
            body: body,
            length: length,
            isWhole: asked.isWhole
        )
        return try await send(request, rest: asked.rest, permit.route, key, client, worker)
    }

    /// Asks for a document of the provider's, like its list of models.
    public func get(
        _ call: Call,
        head: RequestHead,
        permit: Permit,
        key: consuming Loan?,
        client: RequestBody,
        on worker: Worker
    ) async throws(GateError) -> ModelAnswer {
        let request = UpstreamRequest(
            to: target,
            head: requestHead(call, permit.route, head, key, hasBody: false),
            isHEAD: call.method == .head,
            hasBody: false,
            body: ByteBuffer(),
            length: 0,
            isWhole: true
        )
        return try await send(request, rest: nil, permit.route, key, client, worker)
    }

    private func send(
        _ request: UpstreamRequest,
        rest: (any BodySource)?,
        _ route: Route,
        _ key: borrowing Loan?,
        _ client: RequestBody,
        _ worker: Worker
    ) async throws(GateError) -> ModelAnswer {
        let answer = try await worker.dialler.exchange(request, rest: rest, client: client)
        let status = answer.status
        if (300..<400).contains(status) { throw GateError(.upstreamProtocolError, cause: "redirect") }
        // A nonce means that the answer is for a sealed client's eyes only.
        guard status >= 400, !answer.has(.sealedNonce) else {
            let filter = Self.isReadableStream(answer) ? EventFilter(BrokenStream.Family(route), holding: held) : nil
            return ModelAnswer(answer, from: traits, through: filter)
        }
        // It is the gate's key that was refused, not the caller's token.
        if status == 401 || status == 403 { throw GateError(.upstreamAuthFailed) }
        let askedAt = answer.askedAt
        let failed = try await FailedAnswer.read(answer, from: traits, hiding: key, client: client)
        return ModelAnswer(failed, askedAt: askedAt)
    }

    /// Whether an answer is a stream of events that can be read here.
    private static func isReadableStream(_ answer: borrowing UpstreamAnswer) -> Bool {
        guard !answer.has(.contentEncoding), !answer.has(.sealedNonce) else { return false }
        return answer.valueBytes(.contentType).map { MediaTypeField.isEventStream($0.readableBytesView) } ?? false
    }

    private func requestHead(
        _ call: Call,
        _ route: Route,
        _ head: RequestHead,
        _ key: borrowing Loan?,
        hasBody: Bool
    ) -> ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: 512)
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
        return out
    }

    private func write(_ key: borrowing Loan?, to out: inout ByteBuffer) {
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
