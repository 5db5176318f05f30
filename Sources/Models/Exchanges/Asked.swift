public import NIOCore
public import OstiaryCore
public import OstiaryWire

/// What the client asks a model: the model it names, as much of the body as had to be read to know it, and the way to
/// the rest.
public final class Asked {
    public let facts: RequestFacts
    /// The body, or its beginning.
    public let body: ByteBuffer
    /// The whole body's length; `nil` when the client sends it in chunks and it has not all come.
    public let length: Int?
    /// The rest of the body, checked to its end while it is sent on; `nil` when `body` is all of it.
    public let rest: (any BodySource)?
    private let share: HeldBodies.Share?
    // Kept for as long as the question is, since whoever asked for the whole body holds it.
    private var wholeShare: HeldBodies.Share?

    public var isWhole: Bool { rest == nil }

    /// All of the body, once it has come.
    /// - Throws: what reading throws, `.overloaded` when too much is held already.
    func whole(holding held: HeldBodies) async throws(GateError) -> ByteBuffer {
        guard var rest else { return body }
        var body = body
        let share = share ?? HeldBodies.Share(of: held)
        while let piece = try await rest.next() {
            body.writeImmutableBuffer(piece)
            try share.grow(to: max(0, body.readableBytes - HeldBodies.free))
        }
        wholeShare = share
        return body
    }

    /// The same with all of its body at hand, so that it can be asked more than once.
    func gathered(holding held: HeldBodies) async throws(GateError) -> Asked {
        guard !isWhole else { return self }
        let body = try await whole(holding: held)
        let facts = try body.withReadableSpan { span throws(GateError) in try RequestFacts(reading: span) }
        return Asked(facts, body, length: body.readableBytes, rest: nil, share: wholeShare)
    }

    /// Reads a body that is here whole; `nil` while some of it has still to come.
    /// - Throws: `.invalidRequest` for a body that is no JSON object with a model.
    public static func atHand(_ source: RequestBody, with readers: BodyReaders) throws(GateError) -> Asked? {
        guard let body = source.takeWhole() else { return nil }
        let facts = try body.withReadableSpan { span throws(GateError) in try readers.request.read(whole: span) }
        return Asked(facts, body, length: body.readableBytes, rest: nil, share: nil)
    }

    init(
        _ facts: RequestFacts,
        _ body: ByteBuffer,
        length: Int?,
        rest: CheckedBody?,
        share: HeldBodies.Share?
    ) {
        self.facts = facts
        self.body = body
        self.length = length
        self.rest = rest
        self.share = share
    }

    /// Reads until the model is known: the whole body when it is short, else as far as needed.
    /// - Throws: what reading throws, `.invalidRequest` for a body that is no JSON object with a model, `.overloaded`
    ///   when too much is held already.
    public static func gather(_ source: RequestBody, holding held: HeldBodies) async throws(GateError) -> Asked {
        let checked = CheckedBody(source)
        var body = ByteBuffer()
        var share: HeldBodies.Share?
        while let piece = try await checked.next() {
            body.takeIn(piece)
            guard body.readableBytes > HeldBodies.free else { continue }
            if let facts = try checked.factsSoFar, !source.isComplete {
                return Asked(facts, body, length: source.declaredLength, rest: checked, share: share)
            }
            if share == nil { share = HeldBodies.Share(of: held) }
            try share?.grow(to: body.readableBytes - HeldBodies.free)
        }
        return Asked(try checked.facts(), body, length: body.readableBytes, rest: nil, share: share)
    }
}

/// A body that is checked while it is passed on piece by piece, so that one that turns out to be broken never reaches
/// the provider as a complete one.
final class CheckedBody: BodySource {
    private let source: RequestBody
    private var reader = RequestReader()
    private var found: RequestFacts?

    init(_ source: RequestBody) {
        self.source = source
    }

    /// What is known before the body is over; see `RequestReader`.
    var factsSoFar: RequestFacts? {
        get throws(GateError) { try reader.factsSoFar }
    }

    /// What the body says, once it is over.
    func facts() throws(GateError) -> RequestFacts {
        if let found { return found }
        return try reader.finish()
    }

    func next() async throws(GateError) -> ByteBuffer? {
        guard let piece = try await source.next() else {
            found = try reader.finish()
            return nil
        }
        try piece.withReadableSpan { span throws(GateError) in try reader.feed(span) }
        return piece
    }
}
