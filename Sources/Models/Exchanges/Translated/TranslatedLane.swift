import NIOCore
public import OstiaryCore
import OstiaryWire

/// The way of an exchange whose provider speaks another dialect than its client: the request is translated before it
/// goes out, the answer before it goes back. Whoever speaks the same dialect never comes here.
final class TranslatedLane {
    /// Bytes of a whole answer.
    private static let longestAnswer = 64 << 20
    /// Seconds for the rest of a whole answer whose head has come; its head comes when it is finished.
    private static let patience = 120.0

    let request: Translation.Translated
    private var translation: Translation
    private let wantsStream: Bool
    private let route: Route
    private let family: APIFamily

    /// - Parameters:
    ///   - body: all of the client's.
    ///   - model: the provider's name for the model.
    /// - Throws: `.invalidRequest`, `.unsupportedParameter`.
    init(
        _ body: ByteBuffer,
        _ route: Route,
        to dialect: Exchange.Dialect,
        as model: String,
        _ context: Translation.Context
    ) throws(GateError) {
        guard let client = route.api?.dialect else { throw GateError(.apiNotOffered) }
        self.route = route
        family = route.api?.family ?? .openAI
        // Known for sure only now that the whole body is here.
        let facts = try body.withReadableSpan { span throws(GateError) in try RequestFacts(reading: span) }
        wantsStream = facts.stream
        translation = Translation(from: client, to: dialect, context)
        request = try translation.request(Array(body.readableBytesView), model: model)
    }

    /// The path behind the base, of the provider's dialect.
    static func path(_ dialect: Exchange.Dialect) -> StaticString {
        switch dialect {
        case .chat: "/chat/completions"
        case .responses: "/responses"
        case .messages: "/messages"
        }
    }

    // MARK: The answer

    /// Takes a good answer (below 300) to the client.
    func answered(
        _ answer: consuming UpstreamAnswer,
        client: RequestBody,
        asker: any Asker,
        failed: @escaping (GateError) -> Void
    ) {
        let isEvents = answer.withValue(.contentType, MediaTypeField.isEventStream) ?? false
        guard !answer.has(.contentEncoding), isEvents == wantsStream else {
            return failed(GateError(.upstreamProtocolError, cause: "answer_form"))
        }
        guard isEvents else { return takeWhole(answer, client, asker, failed) }
        let filter = TranslatingFilter(translation.stream(), BrokenStream.Family(route))
        asker.answered(ModelAnswer(answer, through: filter, naming: naming, dropped: request.losses))
    }

    private var naming: ResponseFieldPolicy { .translated(for: family) }

    private func takeWhole(
        _ answer: consuming UpstreamAnswer,
        _ client: RequestBody,
        _ asker: any Asker,
        _ failed: @escaping (GateError) -> Void
    ) {
        let kept = KeptAnswer(answer)
        client.run { [self] in
            guard let answer = kept.answer.take() else { return }
            let askedAt = answer.askedAt
            var fields = ByteWriter()
            answer.copyFields(to: &fields, naming: naming.nameForClient)
            let lines = fields.bytes
            do throws(GateError) {
                let (body, isWhole) = try await answer.collectBeginning(
                    limit: Self.longestAnswer,
                    within: Self.patience,
                    client: client
                )
                guard isWhole else { throw GateError(.upstreamProtocolError, cause: "body_too_large") }
                let translated = try translation.answer(Array(body.readableBytesView))
                var losses = request.losses
                for name in translated.losses.names { losses.hint(name) }
                let whole = TranslatedAnswer(
                    body: ByteBuffer(bytes: translated.bytes),
                    fields: lines,
                    dropped: losses,
                    tokens: translated.tokens,
                    stop: translated.stop
                )
                asker.answered(ModelAnswer(whole, askedAt: askedAt))
            } catch {
                error.code == .clientGone ? asker.failed(error) : failed(error)
            }
        }
    }

}

/// A whole answer in the client's words.
struct TranslatedAnswer {
    let body: ByteBuffer
    /// The field lines for the client.
    let fields: [UInt8]
    let dropped: Losses
    let tokens: Exchange.Tokens
    let stop: Exchange.Stop?

    func send(to reply: consuming Reply) -> Carried {
        let delivery = reply.send(status: 200, body: body) { out in
            out.writeField("content-type", "application/json")
            out.writeBytes(fields)
            out.writeDropped(dropped)
        }
        return Carried(delivery: delivery, usage: tokens.usage, isEstimated: tokens.isEstimated, stop: stop)
    }
}

extension ByteWriter {
    /// Names what could not be carried.
    mutating func writeDropped(_ losses: Losses) {
        guard !losses.isEmpty else { return }
        writeField("ostiary-dropped", text: losses.fieldValue)
    }
}

extension Route.API {
    /// Whether a question at this route can be put in another dialect.
    public var isTranslatable: Bool { dialect != nil }

    /// In which dialect a conversation at this route is; `nil` for what is none.
    var dialect: Exchange.Dialect? {
        switch self {
        case .chatCompletions: .chat
        case .responses: .responses
        case .messages: .messages
        case .completions, .embeddings, .tokenCount, .models, .model: nil
        }
    }
}
