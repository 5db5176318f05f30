public import OstiaryCore

/// One exchange between a client of one dialect and a provider of another: the request on its way out, and the answer,
/// whole or as a stream, on its way back. Pure: no network, no clock.
///
/// ```swift
/// var translation = Translation(from: .messages, to: .chat, context)
/// let request = try translation.request(body, model: upstreamName)   // send request.bytes
/// let answer = try translation.answer(answerBody)                    // or, for a stream:
/// var stream = translation.stream()
/// stream.feed(piece, into: &out)                                     // whenever bytes came
/// stream.finish(into: &out)                                          // or stream.fail(error, into: &out)
/// ```
///
/// The request comes first: what it said (the model's name, shortened names of tools) is remembered for the answer.
public struct Translation: Sendable {
    /// What a translation needs to know of its surroundings.
    public struct Context: Sendable {
        /// What the model's provider makes of its dialect.
        public var profile: DialectProfile
        public var onLoss: Losses.Policy
        /// Names towards the provider; `nil` leaves users and sessions out.
        public var marks: CallerMarks?
        /// When the exchange began: what an answer says of its making where its provider does not.
        public var now: UnixTime

        public init(
            profile: DialectProfile = DialectProfile(),
            onLoss: Losses.Policy = .report,
            marks: CallerMarks? = nil,
            now: UnixTime
        ) {
            self.now = now
            self.profile = profile
            self.onLoss = onLoss
            self.marks = marks
        }
    }

    /// Something translated, and what was lost.
    public struct Translated: Sendable {
        public var bytes: [UInt8]
        /// For the header field `ostiary-dropped`.
        public var losses: Losses
        /// What was used; of a request, an estimate of its input.
        public var tokens: Exchange.Tokens
        /// Why the answer ended; `nil` for a request.
        public var stop: Exchange.Stop?
    }

    /// What the way back needs to know of the way out.
    struct Memory: Sendable {
        /// The client's name for the model.
        var model = JSONText("")
        var names = ToolNames()
        var inputEstimate = 1
        /// Whether the client asked for the usage at the end of a stream.
        var wantsUsage = true
        /// Seconds since 1970, for answers that do not tell.
        var now = 0
        /// What answers of the Responses API repeat of their request.
        var frame = ResponseFrame(nil)
    }

    public let client: Exchange.Dialect
    public let provider: Exchange.Dialect
    private let context: Context
    private var memory = Memory()
    private var identifiers: Identifiers

    /// - Parameters:
    ///   - client: the dialect of requests that come in and answers that go back.
    ///   - provider: the dialect of requests that go out and answers that come.
    ///   - random: what new ids are made of.
    public init(
        from client: Exchange.Dialect,
        to provider: Exchange.Dialect,
        _ context: Context,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.client = client
        self.provider = provider
        self.context = context
        identifiers = Identifiers(random)
        memory.now = context.now.wholeSeconds
    }

    /// Whether a body has to be translated although client and provider speak one dialect: it may hold thoughts under
    /// a signature of the gate's own, which their provider would refuse (R6). A scan, no reading; it may say yes for
    /// nothing.
    public static func mustRead(_ body: Span<UInt8>) -> Bool {
        ThinkingMark.isPossible(in: body)
    }

    /// Translates a request.
    /// - Parameters:
    ///   - body: the client's bytes.
    ///   - model: the provider's name for the model; `nil` keeps the client's.
    /// - Throws: `.invalidRequest` for what cannot be read, `.unsupportedParameter` for what cannot be carried.
    public mutating func request(_ body: [UInt8], model: String? = nil) throws(GateError) -> Translated {
        let document: JSONDocument
        do { document = try JSONDocument(body) } catch { throw .unreadable(error) }
        let request = try DialectReaders.request(document.root, client)
        // A copy: what stays for the answer must not keep the request in memory.
        memory.model = JSONText(request.model.string)
        memory.wantsUsage = request.wantsUsage
        memory.inputEstimate = InputEstimate.tokens(of: request)
        if client == .responses { memory.frame = ResponseFrame(document.root) }
        var losses = Losses(context.onLoss)
        let bytes: [UInt8]
        switch provider {
        case .chat:
            var writer = ChatRequestWriter(request, context, expecting: body.count)
            try writer.write(model: model)
            memory.names = writer.names
            losses = writer.losses
            bytes = writer.out.bytes
        case .messages:
            var writer = MessagesRequestWriter(request, context, identifiers, expecting: body.count)
            try writer.write(model: model)
            memory.names = writer.names
            losses = writer.losses
            bytes = writer.out.bytes
        case .responses:
            var writer = ResponsesRequestWriter(request, context, expecting: body.count)
            try writer.write(model: model)
            memory.names = writer.names
            losses = writer.losses
            bytes = writer.out.bytes
        }
        var tokens = Exchange.Tokens(input: memory.inputEstimate)
        tokens.isEstimated = true
        return Translated(bytes: bytes, losses: losses, tokens: tokens)
    }

    /// Translates a whole answer (status 200).
    /// - Throws: `.upstreamProtocolError` for what cannot be read.
    public mutating func answer(_ body: [UInt8]) throws(GateError) -> Translated {
        guard let document = try? JSONDocument(body) else { throw .unreadableAnswer("answer_not_json") }
        var answer = try DialectReaders.answer(document.root, provider)
        var tokens = answer.tokens ?? Exchange.Tokens()
        UsageEstimate.complete(&tokens, memory.inputEstimate, OutputEstimate.tokens(of: answer))
        answer.tokens = tokens
        var losses = Losses(.report)
        var out = ByteWriter(capacity: body.count + 512)
        if client == provider {
            Self.rename(document.root, memory.model, to: &out)
            return Translated(bytes: out.bytes, losses: losses, tokens: tokens, stop: answer.stop)
        }
        switch client {
        case .messages: MessagesAnswerWriter.write(answer, memory, &identifiers, &losses, to: &out)
        case .chat: ChatAnswerWriter.write(answer, memory, &identifiers, &losses, to: &out)
        case .responses: ResponsesAnswerWriter.write(answer, memory, &identifiers, &losses, to: &out)
        }
        return Translated(bytes: out.bytes, losses: losses, tokens: tokens, stop: answer.stop)
    }

    /// An answer that stays in its family stays as it is, but for the model's name.
    private static func rename(_ root: JSONSlice, _ model: JSONText, to out: inout ByteWriter) {
        out.writeStaticString("{")
        root.forEachMember { name, value in
            out.name(name)
            if name == "model", !model.isEmpty { out.json(model) } else { out.json(value) }
        }
        out.writeStaticString("}")
    }

    /// A translator for the answer's events.
    public func stream() -> StreamTranslator {
        StreamTranslator(from: provider, to: client, memory, identifiers)
    }
}
